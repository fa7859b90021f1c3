//go:build lab

package docscheck

import (
	"testing"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestForwarding goes through docs/forwarding.md: three name servers that know nothing of a director become its real servers by what
// the page says, one by each method, and a client asks each.
//
//	client .50 --- 192.168.1.0/24 --- lb1 .11 --- 10.0.0.0/24 --- dns2 .22, NAT
//	                |         |
//	         dns1 .21, DR   dns3 .23, TUN
func TestForwarding(t *testing.T) {
	if !labtest.HasSystemd() {
		t.Skip("no systemd is installed here")
	}
	s := newStage(t)
	s.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lan, inner := s.LAN("lan", "192.168.1.0/24"), s.LAN("inner", "10.0.0.0/24")
	s.machine(s.Director("lb1", lan.At("192.168.1.11"), inner.At("10.0.0.11")))
	s.plain(s.Client("client", lan.At("192.168.1.50")))
	for name, server := range map[string]struct {
		nic    labtest.NIC
		listen []string
	}{
		"dns1": {lan.At("192.168.1.21"), []string{"192.168.1.21", "192.168.1.100"}},
		"dns2": {inner.At("10.0.0.22"), []string{"10.0.0.22"}},
		"dns3": {lan.At("192.168.1.23"), []string{"192.168.1.23", "192.168.1.102"}},
	} {
		h := s.RealServer(name, server.nic)
		s.plain(h)
		// Strict, so that the page has to say what a tunnel needs.
		if out, err := s.on[name].shell("sysctl -qw net.ipv4.conf.all.rp_filter=1"); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		s.instead[name+": systemctl restart nsd"] = func() {
			h.NameServerWith(labtest.Config{Software: labtest.NSD, Listen: server.listen})
		}
	}
	s.play("docs/forwarding.md")
}
