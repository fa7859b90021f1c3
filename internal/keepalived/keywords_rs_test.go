package keepalived_test

import "testing"

const realServerFrame = `virtual_server 192.0.2.1 53 {
protocol UDP
lb_algo rr
lb_kind NAT
weight 5
retry 4
real_server 10.0.0.1 53 {
%s
TCP_CHECK {
}
}
}
`

// TestRealServer has the words of a real server, of which most go before those of its virtual server (keepalived/check/check_parser.c).
func TestRealServer(t *testing.T) {
	readStatements(t, realServerFrame, []statement{
		{
			name: "weight 0 for one", lines: "weight 0",
			want: "Quorum=0 Hysteresis=4294967295 rs.Weight=0",
			notes: []string{
				"adjusted at -6: quorum 1 is more than the weights of all real servers: keepalived takes 0",
				"trap at -6: the weights of all real servers are 0, so the quorum can never be reached",
			},
		},
		// read_unsigned_func() in lib/parser.c warns of a minus, and then asks only whether what strtoul(3) has made of it is in the range.
		{
			name: "minus zero", lines: "weight -0",
			want: "Quorum=0 Hysteresis=4294967295 rs.Weight=0",
			notes: []string{
				"adjusted at -6: quorum 1 is more than the weights of all real servers: keepalived takes 0",
				"trap at -6: the weights of all real servers are 0, so the quorum can never be reached",
				`adjusted at 1: weight: "-0" is negative: keepalived reads 0`,
			},
		},
		{
			name: "a minus and no digit", lines: "weight -x", version: "2.4.3",
			want: "Quorum=0 Hysteresis=4294967295 rs.Weight=0",
			notes: []string{
				"adjusted at -6: quorum 1 is more than the weights of all real servers: keepalived takes 0",
				"trap at -6: the weights of all real servers are 0, so the quorum can never be reached",
				`adjusted at 1: weight: "-x" is negative: keepalived reads 0`,
			},
		},
		{
			name: "below zero all the way round", lines: "weight -18446744073709551610",
			want:  "rs.Weight=6",
			notes: []string{`adjusted at 1: weight: "-18446744073709551610" is negative: keepalived reads 6`},
		},
		{
			name: "below zero and beyond", lines: "weight -18446744073709551617",
			notes: []string{`ignored at 1: weight: "-18446744073709551617" is negative`},
		},
		{name: "the largest weight", lines: "weight 2147483647", want: "rs.Weight=2147483647"},
		{
			name: "a weight above the largest", lines: "weight 2147483648",
			notes: []string{"ignored at 1: weight: 2147483648 is not between 0 and 2147483647"},
		},
		{name: "a weight with its sign", lines: "weight +7", want: "rs.Weight=7"},
		{name: "a quoted weight", lines: `weight " 7"`, want: "rs.Weight=7"},
		{name: "thresholds", lines: "uthreshold 100\nlthreshold 50", want: "rs.UThreshold=100 rs.LThreshold=50"},
		{
			name: "the lower threshold above the upper", lines: "lthreshold 50",
			want:  "rs.LThreshold=50",
			notes: []string{"trap at 0: lthreshold is above uthreshold: the kernel refuses the real server"},
		},
		{
			name: "a threshold beyond all numbers", lines: "uthreshold 4294967296",
			notes: []string{"ignored at 1: uthreshold: 4294967296 is not between 0 and 4294967295"},
		},
		{name: "inhibit_on_failure off", lines: "inhibit_on_failure no"},
		{name: "inhibit_on_failure", lines: "inhibit_on_failure", want: "rs.Inhibit=true"},
		{
			name: "inhibit_on_failure by number", lines: "inhibit_on_failure 1",
			notes: []string{`ignored at 1: inhibit_on_failure: "1" is neither true nor false`},
		},
		{name: "alpha reaches the check", lines: "alpha yes", want: "rs.Alpha=true rs.check.Alpha=true"},
		{name: "retry of its own", lines: "retry 1", want: "rs.Retry=1 rs.check.Retry=1"},
		{name: "no retry", lines: "retry 0", notes: []string{"ignored at 1: retry: 0 is not between 1 and 4294967294"}},
		{
			name: "times of its own", lines: "delay_loop 2\nconnect_timeout 1.5\ndelay_before_retry 0\nwarmup 0",
			want: "rs.DelayLoop=2s rs.ConnectTimeout=1.5s rs.check.DelayLoop=2s " +
				"rs.check.Warmup=0s rs.check.DelayBeforeRetry=0s rs.check.Connect.Timeout=1.5s",
		},
		{name: "a delay loop alone", lines: "delay_loop 2", want: "rs.DelayLoop=2s rs.check.DelayLoop=2s rs.check.Warmup=2s"},
		{name: "a delay loop of nothing", lines: "delay_loop 0", notes: []string{`ignored at 1: delay_loop: "0" is out of range`}},
		{name: "smtp_alert off", lines: "smtp_alert false", want: "rs.SMTPAlert=false"},
		{name: "a name for HTTP", lines: "virtualhost www.example.com", want: "rs.VirtualHost=www.example.com"},
		{
			name: "two SNMP names", lines: "snmp_name dns lb",
			notes: []string{"ignored at 1: snmp_name has one value: keepalived ignores the line"},
		},
		{name: "DR takes the port of the virtual server", lines: "lvs_method DR", want: "rs.Forward.Method=DR"},
		{
			name: "a tunnel", lines: "lvs_method TUN type gre csum",
			want: "rs.Forward.Method=TUN rs.Forward.Tunnel=gre rs.Forward.Checksum=csum",
		},
		{
			name: "a tunnel with a sum that it has not", lines: "lvs_method TUN type gre remcsum",
			want:  "rs.Forward.Method=TUN",
			notes: []string{"ignored at 1: lvs_method: an gre tunnel has no option remcsum"},
		},
		{
			name: "a plain tunnel with a sum", lines: "lvs_method TUN csum",
			want:  "rs.Forward.Method=TUN",
			notes: []string{"ignored at 1: lvs_method: an ipip tunnel has no option csum"},
		},
		{
			name: "a plain tunnel with a port", lines: "lvs_method TUN port 6080",
			want:  "rs.Forward.Method=TUN",
			notes: []string{"ignored at 1: lvs_method: a gue tunnel needs a port, and others have none"},
		},
		{
			name: "a tunnel of a type that is none", lines: "lvs_method TUN type vxlan",
			want:  "rs.Forward.Method=TUN",
			notes: []string{`ignored at 1: lvs_method: "vxlan" is not ipip, gue or gre`},
		},
		{
			name: "a tunnel without its type", lines: "lvs_method TUN type",
			want:  "rs.Forward.Method=TUN",
			notes: []string{"ignored at 1: lvs_method: type needs a value"},
		},
		{
			name: "a tunnel's port beyond all", lines: "lvs_method TUN type gue port 65536",
			want:  "rs.Forward.Method=TUN",
			notes: []string{"ignored at 1: lvs_method: 65536 is not between 1 and 65535"},
		},
		{
			name: "an option that is none", lines: "lvs_method TUN ttl 5",
			want:  "rs.Forward.Method=TUN",
			notes: []string{`ignored at 1: lvs_method: keepalived knows no option "ttl"`},
		},
		{name: "no method", lines: "lvs_method ROUTE", notes: []string{`ignored at 1: lvs_method: "ROUTE" is not NAT, DR or TUN`}},
		{
			name: "a word of the virtual server", lines: "quorum 2",
			notes: []string{`unknown at 1: keepalived does not know "quorum" here and skips the line`},
		},
	})
}

// TestServerLine has the first line of a real server behind a virtual server of each kind (alloc_rs() and rs_end_handler()).
func TestServerLine(t *testing.T) {
	readStatements(t, `virtual_server 192.0.2.1 53 {
protocol UDP
lb_algo rr
lb_kind NAT
real_server 10.0.0.1 53 {
}
%s
}
`, []statement{
		{
			name: "another port", lines: "real_server 10.0.0.1 54 {\n}",
			want: "RealServers[1] new RealServers[1].Port=54",
		},
		{
			name: "no port is that of the virtual server", lines: "real_server 10.0.0.2 {\n}",
			want: "RealServers[1] new RealServers[1].Addr=10.0.0.2",
		},
		{
			name: "port 0 is none", lines: "real_server 10.0.0.2 000 {\n}",
			want: "RealServers[1] new RealServers[1].Addr=10.0.0.2",
		},
		{
			name: "a port beyond all", lines: "real_server 10.0.0.2 65536 {\n}",
			notes: []string{"ignored at 1: real_server: 65536 is not between 1 and 65535"},
		},
		{
			name: "a port with its protocol", lines: "real_server 10.0.0.2 53/udp {\n}",
			want:  "RealServers[1] new RealServers[1].Addr=10.0.0.2",
			notes: []string{`adjusted at 1: real_server: "53/udp" is not a number: keepalived reads 53`},
		},
		{
			name: "the same again", lines: "real_server 10.0.0.1 53 {\nweight 9\n}",
			notes: []string{"ignored at 1: the same real server is at /etc/keepalived/keepalived.conf:5: keepalived leaves the second out"},
		},
		{
			name: "a range", lines: "real_server 10.0.0.2-5 53 {\n}",
			want:  "RealServers[1] new RealServers[1].Addr=10.0.0.2",
			notes: []string{`trap at 1: real_server: keepalived ignores "-5"`},
		},
		{
			name: "a zone", lines: "real_server fe80::1%eth0 53 {\n}",
			notes: []string{`ignored at 1: real_server: "fe80::1%eth0" is not an IP address: keepalived leaves the block out`},
		},
		{
			name: "an address with a zero in front", lines: "real_server 10.0.0.02 53 {\n}",
			notes: []string{`ignored at 1: real_server: "10.0.0.02" is not an IP address: keepalived leaves the block out`},
		},
		{
			name: "a tunnel to the other family", lines: "real_server 2001:db8::2 53 {\nlvs_method TUN\n}",
			want: "RealServers[1] new RealServers[1].Addr=2001:db8::2 RealServers[1].Forward.Method=TUN",
		},
		{
			name: "another port without NAT", lines: "real_server 10.0.0.2 54 {\nlvs_method DR\n}",
			want:  "RealServers[1] new RealServers[1].Addr=10.0.0.2 RealServers[1].Forward.Method=DR",
			notes: []string{"adjusted at 1: without NAT the real server has the port of the virtual server: keepalived takes 53"},
		},
	})
}
