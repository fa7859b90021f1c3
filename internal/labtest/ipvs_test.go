package labtest

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestParseTable(t *testing.T) {
	addr := netip.MustParseAddrPort
	tests := []struct {
		name, out string
		want      Table
	}{
		{name: "empty"},
		{
			name: "dns as keepalived writes it",
			out: "-A -u 192.168.1.100:53 -s wlc -p 300\n" +
				"-a -u 192.168.1.100:53 -r 192.168.1.21:53 -g -w 1\n" +
				"-a -u 192.168.1.100:53 -r 192.168.1.22:53 -g -w 0\n",
			want: Table{{
				Proto: "udp", Addr: addr("192.168.1.100:53"), Scheduler: "wlc", Persistence: 300,
				RealServers: []RealServer{
					{Addr: addr("192.168.1.21:53"), Method: "DR", Weight: 1},
					{Addr: addr("192.168.1.22:53"), Method: "DR"},
				},
			}},
		},
		{
			name: "IPv6, one packet, scheduler flags, tunnel type",
			out: "-A -u [fd00:1::100]:53 -s mh -b mh-fallback,mh-port -o\n" +
				"-a -u [fd00:1::100]:53 -r [fd00:1::21]:53 -i -w 10 --tun-type ipip\n",
			want: Table{{
				Proto: "udp", Addr: addr("[fd00:1::100]:53"), Scheduler: "mh", OnePacket: true, Flags: "-b mh-fallback,mh-port",
				RealServers: []RealServer{{Addr: addr("[fd00:1::21]:53"), Method: "TUN", Weight: 10}},
			}},
		},
		{
			name: "firewall mark",
			out:  "-A -f 7 -s rr\n-a -f 7 -r 10.0.0.2:0 -m -w 3\n",
			want: Table{{
				Proto: "fwm", Mark: 7, Scheduler: "rr",
				RealServers: []RealServer{{Addr: addr("10.0.0.2:0"), Method: "NAT", Weight: 3}},
			}},
		},
		{
			name: "the greatest mark, and one that fits",
			out:  "-A -f -1 -s rr\n-A -f 2147483647 -6 -s rr\n-A -f 4294967295 -s rr\n",
			want: Table{
				{Proto: "fwm", Mark: 4294967295, Scheduler: "rr"},
				{Proto: "fwm", Mark: 2147483647, Scheduler: "rr", Flags: "-6"}, {Proto: "fwm", Mark: 4294967295, Scheduler: "rr"},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseTable(tt.out)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("parseTable:\n got %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestParseTableRefuses(t *testing.T) {
	for _, out := range []string{
		"IP Virtual Server version 1.2.1",
		"-a -u 192.168.1.100:53 -r 192.168.1.21:53 -g -w 1",
		"-A -u 192.168.1.100:domain -s rr",
		"-A -f many -s rr",
		"-A -f 1 -s rr\n-a -f 1 -r",
	} {
		if _, err := parseTable(out); err == nil || !strings.Contains(err.Error(), "ipvsadm") {
			t.Errorf("parseTable(%q) = %v, want an error that names ipvsadm", out, err)
		}
	}
}

func TestWhere(t *testing.T) {
	table, err := parseTable("-A -t 192.168.1.100:53 -s rr\n-a -t 192.168.1.100:53 -r 192.168.1.21:53 -g -w 1\n" +
		"-A -f 7 -s rr\n-a -f 7 -r 192.168.1.21:0 -g -w 1\n" +
		"-A -u 192.168.1.100:53 -s rr\n-a -u 192.168.1.100:53 -r 192.168.1.21:53 -g -w 0\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"tcp 192.168.1.100:53", "fwm 7"}
	if got := table.Where("192.168.1.21"); !reflect.DeepEqual(got, want) {
		t.Errorf("Where = %q, want %q: a weight of 0 gets no new traffic", got, want)
	}
}
