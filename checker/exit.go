package checker

import "fmt"

// ExitMode is whose reading of an exit status applies.
type ExitMode uint8

// The exit modes. The zero value is the one that can do least harm: keepalived
// without misc_dynamic, where all but 0 is a failure.
const (
	// Misc: keepalived's MISC_CHECK. 0 pass, 1 everything else.
	Misc ExitMode = iota
	// MiscDynamic: MISC_CHECK with misc_dynamic, where 2 to 255 mean "up, with
	// weight status−2". 0 or 2+weight pass, 1 everything else.
	MiscDynamic
	// Nagios: 0 OK, 1 warning, 2 critical, 3 unknown.
	Nagios
	// HAProxy: external-check. 0 pass, 1 everything else.
	HAProxy

	exitModes // how many there are
)

var exitModeNames = [exitModes]string{
	Misc:        "misc",
	MiscDynamic: "misc-dynamic",
	Nagios:      "nagios",
	HAProxy:     "haproxy",
}

// String returns the mode as it is written on the command line.
func (m ExitMode) String() string {
	if m >= exitModes {
		return exitModeNames[Misc]
	}
	return exitModeNames[m]
}

// ParseExitMode reads a mode as it is written on the command line.
func ParseExitMode(s string) (ExitMode, error) {
	for m, name := range exitModeNames {
		if s == name {
			return ExitMode(m), nil
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

// ExitStatus turns an outcome into a process's exit status. Weight is the real
// server's weight under misc_dynamic, nil for "leave it as configured"; it
// counts for a pass only.
//
// In the misc and haproxy modes nothing but a pass is 0, and nothing but a
// pass is above 1: keepalived takes 2 and more for "up" under misc_dynamic.
func ExitStatus(o Outcome, m ExitMode, weight *int) int {
	switch {
	case m == Nagios:
		return nagiosStatus(o)
	case o != Pass:
		return 1
	case m == MiscDynamic && weight != nil:
		return 2 + min(max(*weight, 0), MaxWeight)
	default:
		return 0
	}
}

func nagiosStatus(o Outcome) int {
	switch {
	case o == Pass:
		return nagiosOK
	case o == Slow:
		return nagiosWarning
	case o.IsVerdict():
		return nagiosCritical
	default:
		return nagiosUnknown
	}
}
