package lvs_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// TestKernelsTerms has what keepalived.conf says beside what the kernel is told.
func TestKernelsTerms(t *testing.T) {
	for _, tt := range []struct{ name, head, body, server, service, destination string }{
		{"UDP, DR", "192.0.2.1 53", "protocol UDP\nlb_algo wrr\nlb_kind DR\n", "weight 7\n", "udp 192.0.2.1:53 wrr", "198.51.100.1:53 dr 7"},
		{"TCP, NAT to another port", "192.0.2.1 53", "protocol TCP\nlb_algo rr\nlb_kind NAT\n", "",
			"tcp 192.0.2.1:53 rr", "198.51.100.1:53 masq 1"},
		{"no protocol", "192.0.2.1 53", "lb_algo rr\nlb_kind DR\n", "", "udp 192.0.2.1:53 rr", "198.51.100.1:53 dr 1"},
		{"a firewall mark", "fwmark 7", "lb_algo rr\nlb_kind DR\n", "", "fwm 7 rr", "198.51.100.1:0 dr 1"},
		{"persistent, by networks", "192.0.2.1 53", "protocol UDP\nlb_algo rr\nlb_kind DR\npersistence_timeout 60\npersistence_granularity 255.255.255.0\n", "", "udp 192.0.2.1:53 rr persistent 1m0s 255.255.255.0", "198.51.100.1:53 dr 1"},
		{"one packet", "192.0.2.1 53", "protocol UDP\nlb_algo rr\nlb_kind DR\nops\n", "", "udp 192.0.2.1:53 rr ops", "198.51.100.1:53 dr 1"},
		{"a tunnel in UDP", "192.0.2.1 53", "protocol UDP\nlb_algo rr\nlb_kind TUN type gue port 6080 csum\n", "uthreshold 9\nlthreshold 3\n", "udp 192.0.2.1:53 rr", "198.51.100.1:53 tun 1 gue 6080 csum 9 3"},
	} {
		text := "virtual_server " + tt.head + " {\n" + tt.body + "real_server 198.51.100.1 53 {\n" + tt.server + "}\n}\n"
		c, err := keepalived.Load("/k", keepalived.Options{FS: fstest.MapFS{"k": {Data: []byte(text)}}})
		if err != nil {
			t.Fatal(err)
		}
		table := c.Table(keepalived.State{})
		s, d := lvs.Service(table[0]), lvs.Destination(table[0].Destinations[0])
		service := s.String() + " " + s.Scheduler
		if s.Flags&ipvs.Persistent != 0 {
			service += fmt.Sprintf(" persistent %s %s", s.Timeout, s.Netmask)
		}
		if s.Flags&ipvs.OnePacket != 0 {
			service += " ops"
		}
		destination := fmt.Sprintf("%s %s %d", d.DestinationKey, d.Forward, d.Weight)
		if d.Tunnel.Type != ipvs.IPIP {
			destination += fmt.Sprintf(" %s %d %s %d %d", d.Tunnel.Type, d.Tunnel.Port, d.Tunnel.Flags, d.UpperThreshold, d.LowerThreshold)
		}
		if service != tt.service || destination != tt.destination {
			t.Errorf("%s: %s, %s; want %s, %s", tt.name, service, destination, tt.service, tt.destination)
		}
	}
}

func TestArguments(t *testing.T) {
	at := func(p ipvs.Protocol, s string) ipvs.ServiceKey { return ipvs.At(p, netip.MustParseAddrPort(s)) }
	for want, k := range map[string]ipvs.ServiceKey{
		"-u 192.0.2.1:53": at(ipvs.UDP, "192.0.2.1:53"), "-t [2001:db8::1]:53": at(ipvs.TCP, "[2001:db8::1]:53"),
		"--sctp-service 192.0.2.1:53": at(ipvs.SCTP, "192.0.2.1:53"),
		"-f 7":                        ipvs.Mark(ipvs.IPv4, 7), "-f 7 -6": ipvs.Mark(ipvs.IPv6, 7),
	} {
		if got := lvs.ServiceArgument(k); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for want, s := range map[string]string{
		"198.51.100.1:53": "198.51.100.1:53", "198.51.100.1": "198.51.100.1:0",
		"[2001:db8::1]": "[2001:db8::1]:0", "[2001:db8::1]:53": "[2001:db8::1]:53",
	} {
		if got := lvs.ServerArgument(ipvs.To(netip.MustParseAddrPort(s))); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestLabels(t *testing.T) {
	server := ipvs.To(netip.MustParseAddrPort("[2001:db8::21]:53"))
	for _, tt := range []struct {
		service ipvs.ServiceKey
		server  ipvs.DestinationKey
		want    string
	}{
		{want: "||||||"},
		{service: ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.1:53")), want: "192.0.2.1|53|udp||ipv4||"},
		{service: ipvs.Mark(ipvs.IPv6, 7), server: server, want: "||fwm|7|ipv6|2001:db8::21|53"},
		{server: server, want: "|||||2001:db8::21|53"},
	} {
		l := lvs.LabelsOf(tt.service, tt.server)
		if got := strings.Join([]string{l.VIP, l.VPort, l.Proto, l.FWMark, l.Family, l.RIP, l.RPort}, "|"); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}
