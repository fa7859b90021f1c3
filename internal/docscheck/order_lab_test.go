//go:build lab

package docscheck

import (
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestScriptUserFirst: as docs/keepalived.md says, a line of a FIFO above script_user costs every MISC_CHECK at the next reload, even of
// the same file, and below it none. It is so in 2.2.7 and 2.3.3, where there is no user keepalived_script.
func TestScriptUserFirst(t *testing.T) {
	const user, fifo = "script_user root\n", "vrrp_notify_fifo /run/order.fifo\n"
	const rest = `enable_script_security
}
virtual_server 192.168.1.100 53 {
	delay_loop 1
	lb_algo wrr
	lb_kind DR
	protocol UDP
	real_server 192.168.1.21 53 {
		MISC_CHECK {
			misc_path "/usr/bin/true 192.168.1.21"
		}
	}
}
`
	lab := labtest.New(t)
	lan := lab.LAN("lan", "192.168.1.0/24")
	for name, order := range map[string]struct {
		lines   string
		dropped bool
	}{"above": {fifo + user, true}, "below": {user + fifo, false}} {
		address := map[string]string{"above": "192.168.1.11", "below": "192.168.1.12"}[name]
		director := lab.Director(name, lan.At(address))
		if _, err := director.Run(t.Context(), "getent", "passwd", "keepalived_script"); err == nil {
			t.Skip("this host has a user keepalived_script")
		}
		conf := "global_defs {\n" + order.lines + rest
		k := director.Keepalived(conf)
		lab.WaitFor("keepalived has started", time.Minute, func() bool { return strings.Contains(k.Log(), "Activating healthchecker") })
		k.Reload(conf)
		lab.WaitFor("keepalived has reloaded", time.Minute, func() bool { return strings.Contains(k.Log(), "Reload complete") })
		// The checker's process reloads by itself.
		lab.WaitFor("its checker too", time.Minute, func() bool { return strings.Count(k.Log(), "Activating BFD healthchecker") >= 2 })
		if dropped := strings.Contains(k.Log(), "- removing"); dropped != order.dropped {
			t.Errorf("%s script_user: the check is dropped: %v\n%s", name, dropped, k.Log())
		}
	}
}
