//go:build lab

package labtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// vrrp is one VRRP instance for the VIP.
func vrrp(state string, priority int) string {
	return fmt.Sprintf(`
vrrp_instance dns {
	interface eth0
	state %s
	virtual_router_id 51
	priority %d
	advert_int 1
	virtual_ipaddress {
		192.168.1.100/32
	}
}
`, state, priority)
}

// services are the UDP and the TCP virtual server, checked by a command that is given the
// real server's address.
func services(check string) string {
	var b strings.Builder
	for _, proto := range []string{"UDP", "TCP"} {
		fmt.Fprintf(&b, "virtual_server %s 53 {\n\tprotocol %s\n\tlb_algo wlc\n\tlb_kind DR\n\tdelay_loop 1\n\talpha\n", vip, proto)
		for _, rip := range []string{"192.168.1.21", "192.168.1.22"} {
			fmt.Fprintf(
				&b,
				"\treal_server %s 53 {\n\t\tweight 1\n\t\tMISC_CHECK {\n\t\t\tmisc_path \"%s %s\"\n\t\t\tmisc_timeout 5\n\t\t\twarmup 0\n\t\t}\n\t}\n",
				rip, check, rip,
			)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func TestKeepalivedChecksProgramIPVS(t *testing.T) {
	lab := labtest.New(t)
	director := lab.Director("director", lab.LAN("lan", "192.168.1.0/24").At("192.168.1.11"))
	// The check passes while a file named after the server exists.
	check := lab.Script("check", "test -e "+lab.Dir()+"/up-$1")
	up := func(rip string) string { return lab.Script("up-"+rip, "") }
	up("192.168.1.21")

	k := director.Keepalived(vrrp("MASTER", 150) + services(check))
	both := []string{"tcp 192.168.1.100:53", "udp 192.168.1.100:53"}
	in := func(rip string, want []string) func() bool {
		return func() bool {
			got := director.IPVS().Where(rip)
			slices.Sort(got)
			return slices.Equal(got, want)
		}
	}
	lab.WaitFor("the server that passes is in", 15*time.Second, in("192.168.1.21", both))
	lab.WaitFor("the server that fails is out", 5*time.Second, in("192.168.1.22", nil))
	up("192.168.1.22")
	lab.WaitFor("the mended server is in", 10*time.Second, in("192.168.1.22", both))

	v, ok := director.IPVS().Find("udp 192.168.1.100:53")
	if !ok || v.Scheduler != "wlc" || len(v.RealServers) != 2 || v.RealServers[0].Method != "DR" {
		t.Errorf("virtual server: %+v, %v", v, ok)
	}
	lab.WaitFor("the director holds the VIP", 15*time.Second, func() bool { return director.Holds(vip) })
	if !strings.Contains(k.Log(), "Entering MASTER STATE") {
		t.Errorf("keepalived's log does not tell of the MASTER state:\n%s", k.Log())
	}

	k.Reload(vrrp("MASTER", 150))
	lab.WaitFor("the reload empties the table", 10*time.Second, func() bool { return len(director.IPVS()) == 0 })
	k.Stop()
	if k.Running() {
		t.Error("keepalived still runs after Stop")
	}
}

func TestVRRPMovesTheVIP(t *testing.T) {
	lab := labtest.New(t)
	lan := lab.LAN("lan", "192.168.1.0/24")
	lb1 := lab.Director("lb1", lan.At("192.168.1.11"))
	lb2 := lab.Director("lb2", lan.At("192.168.1.12"))
	dns1 := lab.RealServer("dns1", lan.At("192.168.1.21")).DR(vip)
	dns2 := lab.RealServer("dns2", lan.At("192.168.1.22")).DR(vip)
	client := lab.Client("client", lan.At("192.168.1.50"))
	dns1.NameServer(labtest.NSD)
	dns2.NameServer(labtest.NSD)

	check := lab.Script("check", "exit 0")
	first := lb1.Keepalived(vrrp("MASTER", 150) + services(check))
	lb2.Keepalived(vrrp("BACKUP", 100) + services(check))
	lab.WaitFor("lb1 holds the VIP", 15*time.Second, func() bool { return lb1.Holds(vip) })
	lab.WaitFor("both tables are full", 15*time.Second, func() bool {
		return len(lb1.IPVS().Where("192.168.1.21")) == 2 && len(lb2.IPVS().Where("192.168.1.22")) == 2
	})
	if lb2.Holds(vip) {
		t.Error("both directors hold the VIP")
	}
	if _, err := client.Ask(labtest.Question{Server: vip}); err != nil {
		t.Error("through lb1:", err)
	}
	first.Stop()
	lab.WaitFor("lb2 holds the VIP", 15*time.Second, func() bool { return lb2.Holds(vip) })
	if lb1.Holds(vip) {
		t.Error("lb1 kept the VIP")
	}
	if _, err := client.Ask(labtest.Question{Server: vip}); err != nil {
		t.Error("through lb2:", err)
	}
}
