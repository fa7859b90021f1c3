//go:build lab

package keepalived_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

var unknownWord = regexp.MustCompile(`does not know "(.*)" here`)

// placesOf are the notes in the form of the complaints: every keyword that is
// not known, and of the other places those that keepalived complains about.
func placesOf(notes []keepalived.Note, complaints []string) []string {
	var all []string
	for _, n := range notes {
		place := fmt.Sprintf("%s:%d", filepath.Base(n.Pos.File), n.Pos.Line)
		if m := unknownWord.FindStringSubmatch(n.Text); n.Kind == keepalived.Unknown && m != nil {
			// The VRRP process is not started, so nobody reads its blocks.
			if !strings.HasPrefix(n.Block, "vrrp") {
				all = append(all, place+" "+m[1])
			}
		} else if slices.Contains(complaints, place) {
			all = append(all, place)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// believed is the configuration in the form of beliefOf.
func believed(cfg *keepalived.Config) []string {
	var all []string
	for i, name := range cfg.Names() {
		v := &cfg.VirtualServers[i]
		all = append(
			all,
			fmt.Sprintf(
				"%v: %s %s timeout=%d quorum=%d-%d", nameOf(name), v.Family, v.Scheduler.V, v.PersistenceTimeout.V,
				v.Quorum.V, v.Hysteresis.V,
			),
		)
		if s := v.Sorry; s != nil {
			all = append(all, fmt.Sprintf("%v: sorry %s:%d inhibit=%t", nameOf(name), s.Addr, s.Port, s.Inhibit.V))
		}
		for j := range v.RealServers {
			r := &v.RealServers[j]
			head := fmt.Sprintf("%v > %s:%d", nameOf(name), r.Addr, r.Port)
			all = append(
				all,
				fmt.Sprintf(
					"%s: weight=%d %s limits=%d,%d alpha=%t inhibit=%t", head, r.Weight.V, r.Forward.V.Method,
					r.LThreshold.V, r.UThreshold.V, r.Alpha.V, r.Inhibit.V,
				),
			)
			for _, c := range r.Checkers {
				all = append(all, head+": "+checkerLine(c))
			}
		}
	}
	slices.Sort(all)
	return all
}

func checkerLine(c keepalived.Checker) string {
	kind := string(c.Kind)
	if c.Kind == keepalived.FileCheck {
		return kind
	}
	alpha := fmt.Sprintf(" alpha=%t", c.Alpha.V)
	if c.Kind == keepalived.BFDCheck {
		return kind + alpha
	}
	dest, timeout, script := "", time.Duration(0), ""
	switch {
	case c.Connect != nil:
		dest, timeout = fmt.Sprintf("%s:%d", c.Connect.Addr.V, c.Connect.Port.V), c.Connect.Timeout.V
	case c.Misc != nil:
		script = "'" + strings.Join(c.Misc.Path.Argv, "' '") + "'"
		// The dump has only what the configuration says.
		if timeout = c.Misc.Timeout.V; c.Misc.Timeout.Pos.Line < c.Pos.Line || timeout%time.Second != 0 {
			timeout = 0
		}
	}
	delay := c.DelayBeforeRetry.V
	if c.Retry.V == 0 {
		delay = 0
	}
	return fmt.Sprintf("%s%s every=%v warmup=%v retries=%d after=%v to=%s within=%v%s",
		kind, alpha, c.DelayLoop.V, c.Warmup.V, c.Retry.V, delay, dest, timeout, script)
}

func nameOf(n keepalived.VSName) string {
	switch {
	case n.Group != "":
		return fmt.Sprintf("group %s:%d", n.Group, n.Index)
	case !n.Addr.IsValid():
		return fmt.Sprintf("fwmark %d", n.FWMark)
	}
	return fmt.Sprintf("%s %s:%d", n.Protocol, n.Addr, n.Port)
}

// beliefOf reads the dump that -d puts into the log. The names of checkers
// tell the place of their real server, so the dump is one flat list.
func beliefOf(t *testing.T, log string) []string {
	t.Helper()
	b := keepalived.ParseBelief(stamp.ReplaceAllString(log, ""))
	for _, n := range b.Notes {
		if n.Line > 0 {
			t.Errorf("dump: line %d: %s", n.Line, n.Text)
		}
	}
	var all []string
	for _, v := range b.VirtualServers {
		name := v.Name
		all = append(
			all,
			fmt.Sprintf("%v: %s %s timeout=%d quorum=%d-%d", nameOf(name), v.Family, v.Scheduler, v.Timeout, v.Quorum, v.Hysteresis),
		)
		if s := v.Sorry; s != nil {
			all = append(all, fmt.Sprintf("%v: sorry %s:%d inhibit=%t", nameOf(name), s.Name.Addr, s.Name.Port, s.Inhibit))
		}
		for _, r := range v.RealServers {
			all = append(
				all,
				fmt.Sprintf(
					"%v > %s:%d: weight=%d %s limits=%d,%d alpha=%t inhibit=%t", nameOf(name), r.Name.Addr,
					r.Name.Port, r.InitialWeight, r.Method, r.LThreshold, r.UThreshold, r.Alpha, r.Inhibit,
				),
			)
		}
	}
	for _, c := range b.Checkers {
		line := fmt.Sprintf("%v > %s:%d: %s", nameOf(c.VS), c.RS.Addr, c.RS.Port, c.Kind)
		if c.Kind != keepalived.FileCheck {
			line += fmt.Sprintf(" alpha=%t", c.Alpha)
		}
		if c.Kind != keepalived.FileCheck && c.Kind != keepalived.BFDCheck {
			dest := ""
			if c.Dest.IsValid() {
				dest = fmt.Sprintf("%s:%d", c.Dest.Addr(), c.Dest.Port())
			}
			line += fmt.Sprintf(" every=%v warmup=%v retries=%d after=%v to=%s within=%v%s",
				c.DelayLoop, c.Warmup, c.Retries, c.DelayBeforeRetry, dest, c.Timeout, c.Script)
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}
