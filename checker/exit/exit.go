// Package exit says what exit status a program that runs a check ends with, for
// each of those who read it. It is pure.
package exit

import (
	"fmt"

	"github.com/lvsdns/lvsdns/checker"
)

// Mode is whose reading of an exit status applies.
type Mode uint8

// The exit modes. The zero value is the one that can do least harm: keepalived
// without misc_dynamic, where all but 0 is a failure.
const (
	// Misc: keepalived's MISC_CHECK. 0 pass, 1 everything else.
	Misc Mode = iota
	// MiscDynamic: MISC_CHECK with misc_dynamic, where 2 to 255 mean "up, with
	// weight status−2". 0 or 2+weight pass, 1 everything else.
	MiscDynamic
	// Nagios: 0 OK, 1 warning, 2 critical, 3 unknown.
	Nagios
	// HAProxy: external-check. 0 pass, 1 everything else.
	HAProxy

	modes // how many there are
)

var modeNames = [modes]string{
	Misc:        "misc",
	MiscDynamic: "misc-dynamic",
	Nagios:      "nagios",
	HAProxy:     "haproxy",
}

// String returns the mode as it is written on the command line.
func (m Mode) String() string {
	if m >= modes {
		return modeNames[Misc]
	}
	return modeNames[m]
}

// ParseMode reads a mode as it is written on the command line.
func ParseMode(s string) (Mode, error) {
	for m, name := range modeNames {
		if s == name {
			return Mode(m), nil
		}
	}
	return Misc, fmt.Errorf("%q is no exit mode; use misc, misc-dynamic, nagios or haproxy", s)
}

// MaxWeight is the largest weight that an exit status can carry under
// misc_dynamic: 255 − 2 (keepalived.conf(5), misc_dynamic).
const MaxWeight = 253

// Statuses of the Nagios plugin interface.
const (
	nagiosOK       = 0
	nagiosWarning  = 1
	nagiosCritical = 2
	nagiosUnknown  = 3
)

// Status turns an outcome into a process's exit status. Weight is the real
// server's weight under misc_dynamic, nil for "leave it as configured"; it
// counts for a pass only.
//
// In the misc and haproxy modes nothing but a pass is 0, and nothing but a
// pass is above 1: keepalived takes 2 and more for "up" under misc_dynamic.
func Status(o checker.Outcome, m Mode, weight *int) int {
	switch {
	case m == Nagios:
		return nagiosStatus(o)
	case o != checker.Pass:
		return 1
	case m == MiscDynamic && weight != nil:
		return 2 + min(max(*weight, 0), MaxWeight)
	default:
		return 0
	}
}

func nagiosStatus(o checker.Outcome) int {
	switch {
	case o == checker.Pass:
		return nagiosOK
	case o == checker.Slow:
		return nagiosWarning
	case o.IsVerdict():
		return nagiosCritical
	default:
		return nagiosUnknown
	}
}
