//go:build lab

package labtest_test

import (
	"net"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// Addresses of the drawings below.
const (
	vip, vip6       = "192.168.1.100", "fd00:1::100"
	rip, rip6       = "192.168.1.21", "fd00:1::21"
	outside         = "10.0.0.100"
	outside6        = "fd00:2::100"
	lanNet, lanNet6 = "192.168.1.0/24", "fd00:1::/64"
	wanNet, wanNet6 = "10.0.0.0/24", "fd00:2::/64"
)

// dr is one LAN with a director that holds the VIP, a real server and a client.
func dr(t *testing.T) (director, dns1, client *labtest.Host) {
	t.Helper()
	lab := labtest.New(t)
	lan := lab.LAN("lan", lanNet, lanNet6)
	director = lab.Director("director", lan.At("192.168.1.11", "fd00:1::11")).Hold(vip, vip6)
	dns1 = lab.RealServer("dns1", lan.At(rip, rip6)).DR(vip, vip6)
	client = lab.Client("client", lan.At("192.168.1.50", "fd00:1::50"))
	return director, dns1, client
}

func tun(t *testing.T) (director, dns1, client *labtest.Host) {
	t.Helper()
	lab := labtest.New(t)
	lan := lab.LAN("lan", lanNet, lanNet6)
	director = lab.Director("director", lan.At("192.168.1.11", "fd00:1::11")).Hold(vip, vip6)
	dns1 = lab.RealServer("dns1", lan.At(rip, rip6)).TUN(vip, vip6)
	client = lab.Client("client", lan.At("192.168.1.50", "fd00:1::50"))
	return director, dns1, client
}

// nat has the client on another network than the servers.
func nat(t *testing.T) (director, dns1, client *labtest.Host) {
	t.Helper()
	lab := labtest.New(t)
	wan := lab.LAN("wan", wanNet, wanNet6)
	lan := lab.LAN("lan", lanNet, lanNet6)
	director = lab.Director("director", wan.At("10.0.0.1", "fd00:2::1"), lan.At("192.168.1.11", "fd00:1::11")).Hold(outside, outside6)
	dns1 = lab.RealServer("dns1", lan.At(rip, rip6)).NAT("192.168.1.11", "fd00:1::11")
	client = lab.Client("client", wan.At("10.0.0.50", "fd00:2::50"))
	return director, dns1, client
}

// natOneLAN has the client next to the servers, which must answer through the director.
func natOneLAN(t *testing.T) (director, dns1, client *labtest.Host) {
	t.Helper()
	lab := labtest.New(t)
	lan := lab.LAN("lan", lanNet, lanNet6)
	director = lab.Director("director", lan.At("192.168.1.11", "fd00:1::11")).Hold(vip, vip6)
	dns1 = lab.RealServer("dns1", lan.At(rip, rip6)).NAT("192.168.1.11", "fd00:1::11")
	client = lab.Client("client", lan.At("192.168.1.50", "fd00:1::50"))
	return director, dns1, client
}

func TestForwardingMethods(t *testing.T) {
	for _, tt := range []struct {
		name      string
		draw      func(*testing.T) (director, dns1, client *labtest.Host)
		vip, vip6 string
		flag      string // ipvsadm's
		method    string
	}{
		{"DR", dr, vip, vip6, "-g", "DR"},
		{"TUN", tun, vip, vip6, "-i", "TUN"},
		{"NAT", nat, outside, outside6, "-m", "NAT"},
		{"NAT on one LAN", natOneLAN, vip, vip6, "-m", "NAT"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			director, dns1, client := tt.draw(t)
			dns1.NameServer(labtest.NSD)
			director.IPVSAdm(append(serve(tt.vip, rip, tt.flag), serve(tt.vip6, rip6, tt.flag)...)...)

			var args []string
			for _, server := range []string{tt.vip, tt.vip6} {
				for _, transport := range []string{"+notcp", "+tcp"} {
					args = append(args, "@"+server, "example.com", "SOA", "+time=2", "+tries=1", transport)
				}
			}
			out, err := client.Run(t.Context(), "dig", args...)
			if n := strings.Count(out, "status: NOERROR"); err != nil || n != 4 {
				t.Errorf("%d of 4 questions answered: %v\n%s", n, err, out)
			}
			table := director.IPVS()
			if len(table) != 4 {
				t.Errorf("virtual servers: %v", table)
			}
			for _, v := range table {
				if len(v.RealServers) != 1 || v.RealServers[0].Method != tt.method {
					t.Errorf("%v has %+v, want one by %s", v, v.RealServers, tt.method)
				}
			}
		})
	}
}

// serve is one real server behind a VIP, over UDP and TCP.
func serve(vip, rip, flag string) []string {
	var rules []string
	for _, proto := range []string{"-u", "-t"} {
		service := proto + " " + net.JoinHostPort(vip, "53")
		rules = append(rules, "-A "+service+" -s rr", "-a "+service+" -r "+net.JoinHostPort(rip, "53")+" "+flag+" -w 1")
	}
	return rules
}
