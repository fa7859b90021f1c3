//go:build lab

package main_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// compared are the kinds that set the kernel, the belief and the configuration
// against each other; the others judge the configuration alone.
var compared = []string{
	"not_reloaded", "virtual_server_missing", "virtual_server_extra", "scheduler", "flags", "persistence",
	"real_server_missing", "real_server_extra", "real_server_down_but_serving", "weight", "weight_stuck_at_zero", "weight_leaked",
	"forwarding", "thresholds", "checker_dropped", "state_dump_unread",
}

// TestNoFalseAlarm takes configurations that the parser is held against. When
// keepalived has programmed an empty kernel from one of them, the kernel, the
// belief and the configuration agree.
func TestNoFalseAlarm(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns", "/usr/bin/lvsdns")
	s := &stage{Lab: lab, t: t, director: lab.Director("director", lab.LAN("lan", "192.168.1.0/24").At("192.168.1.11"))}
	for _, name := range []string{
		"alpha", "checkers-dropped", "conditional", "doubles", "forwarding", "fwmark", "groups", "groups-shared", "nftables", "persistence",
		"quorum", "sequences", "sorry", "tunnels",
	} {
		text, err := os.ReadFile("../../internal/keepalived/testdata/parity/" + name + ".conf")
		if err != nil {
			t.Fatal(err)
		}
		k := s.director.Keepalived(string(text))
		lab.WaitFor(name+": keepalived programs the kernel", 30*time.Second, func() bool {
			table, err := s.director.Run(t.Context(), "ipvsadm", "-Sn")
			return err == nil && table != ""
		})
		var alarms []string
		for range 5 { // it may still be at it
			if alarms = s.alarms(); len(alarms) == 0 {
				break
			}
		}
		if len(alarms) > 0 {
			t.Errorf("%s:\n%s", name, strings.Join(alarms, "\n"))
		}
		k.Stop()
	}
}

func (s *stage) alarms() []string {
	s.t.Helper()
	var list []string
	d, _ := s.drift("--signal")
	for _, x := range d.Differences {
		if slices.Contains(compared, x.Kind) {
			list = append(list, x.Kind+": "+x.Text)
		}
	}
	return list
}
