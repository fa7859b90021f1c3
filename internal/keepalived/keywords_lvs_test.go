package keepalived_test

import "testing"

const virtualServerFrame = `virtual_server 192.0.2.1 53 {
protocol UDP
lb_algo rr
lb_kind NAT
real_server 10.0.0.1 53 {
}
%s
}
`

// TestVirtualServer has the words of a virtual server (keepalived/check/check_parser.c).
func TestVirtualServer(t *testing.T) {
	readStatements(t, virtualServerFrame, []statement{
		// Numbers: read_unsigned_func() in lib/parser.c.
		{name: "the least quorum", lines: "quorum 1"},
		{
			name: "quorum 0", lines: "quorum 0",
			notes: []string{"adjusted at 1: quorum: 0 is not between 1 and 4294967295: keepalived takes 1"},
		},
		{
			name: "a quorum that no weight reaches", lines: "quorum 4294967295",
			notes: []string{"adjusted at -5: quorum 4294967295 is more than the weights of all real servers: keepalived takes 1"},
		},
		{
			name: "a quorum beyond all numbers", lines: "quorum 4294967296",
			notes: []string{"adjusted at 1: quorum: 4294967296 is not between 1 and 4294967295: keepalived takes 1"},
		},
		{
			name: "a quorum with text behind it", lines: "weight 3\nquorum 2nd",
			want:  "Weight=3 Quorum=2 rs.Weight=3",
			notes: []string{`adjusted at 2: quorum: "2nd" is not a number: keepalived reads 2`},
		},
		{
			name: "hysteresis of the quorum itself", lines: "weight 3\nquorum 2\nhysteresis 2",
			want:  "Weight=3 Quorum=2 Hysteresis=1 rs.Weight=3",
			notes: []string{"adjusted at -5: hysteresis is not below the quorum: keepalived takes 1"},
		},
		{
			name: "hysteresis below the quorum", lines: "weight 3\nquorum 2\nhysteresis 1",
			want: "Weight=3 Quorum=2 Hysteresis=1 rs.Weight=3",
		},
		{name: "the largest weight", lines: "weight 2147483647", want: "Weight=2147483647 rs.Weight=2147483647"},
		{
			name: "a weight above the largest", lines: "weight 2147483648",
			notes: []string{"ignored at 1: weight: 2147483648 is not between 1 and 2147483647"},
		},
		{name: "weight 0 for all", lines: "weight 0", notes: []string{"ignored at 1: weight: 0 is not between 1 and 2147483647"}},
		{name: "a weight in words", lines: "weight ten", notes: []string{`ignored at 1: weight: "ten" is not a number`}},
		{name: "a number below zero", lines: "weight -3", notes: []string{`ignored at 1: weight: "-3" is negative`}},
		{name: "no number", lines: "weight", notes: []string{"fatal at 1: weight needs a value: keepalived does not run without it"}},

		{name: "no retry", lines: "retry 0", notes: []string{"ignored at 1: retry: 0 is not between 1 and 4294967294"}},
		{name: "one retry", lines: "retry 1", want: "Retry=1 rs.Retry=1"},
		{name: "the most retries", lines: "retry 4294967294", want: "Retry=4294967294 rs.Retry=4294967294"},
		{
			name: "keepalived's mark for no retry", lines: "retry 4294967295",
			notes: []string{"ignored at 1: retry: 4294967295 is not between 1 and 4294967294"},
		},
		{name: "retry with text behind it", lines: "retry 3x", notes: []string{`ignored at 1: retry: "3x" is not a number`}},

		// Times: read_timer().
		{name: "a delay loop of a microsecond", lines: "delay_loop 0.000001", want: "DelayLoop=1µs rs.DelayLoop=1µs"},
		{
			name: "a delay loop that rounds to nothing", lines: "delay_loop 0.0000004",
			notes: []string{`ignored at 1: delay_loop: "0.0000004" is out of range`},
		},
		{
			name: "a delay loop that rounds to a microsecond", lines: "delay_loop 0.0000005",
			want:  "DelayLoop=1µs rs.DelayLoop=1µs",
			notes: []string{"adjusted at 1: delay_loop: 0.0000005 has more than six decimal places: keepalived rounds it"},
		},
		{name: "no delay loop", lines: "delay_loop 0", notes: []string{`ignored at 1: delay_loop: "0" is out of range`}},
		{name: "no warmup", lines: "warmup 0"},
		{
			name: "the longest connect_timeout", lines: "connect_timeout 4294.967295",
			want: "ConnectTimeout=1h11m34.967295s rs.ConnectTimeout=1h11m34.967295s",
		},
		{
			name: "a connect_timeout above it", lines: "connect_timeout 4294.967296",
			notes: []string{`ignored at 1: connect_timeout: "4294.967296" is out of range`},
		},
		{name: "delay_before_retry", lines: "delay_before_retry 1.5", want: "DelayBeforeRetry=1.5s rs.DelayBeforeRetry=1.5s"},

		// lbalgo_handler(), lbflags_handler().
		{name: "the other word for the scheduler", lines: "lvs_sched sh", want: "Scheduler=sh"},
		{
			name: "a scheduler in capitals", lines: "lb_algo WRR",
			notes: []string{`ignored at 1: lb_algo: keepalived knows no scheduler "WRR"`},
		},
		{name: "the last scheduler counts", lines: "lb_algo mh\nlvs_sched twos", want: "Scheduler=twos"},
		{
			name: "a flag before its scheduler", lines: "sh-port\nlb_algo sh",
			want:  "Scheduler=sh",
			notes: []string{`ignored at 1: sh-port: the scheduler at this line is "rr"`},
		},
		{
			name: "a flag behind its scheduler", lines: "lb_algo sh\nsh-port\nsh-fallback",
			want: "Scheduler=sh Flags.Sched1=true Flags.Sched2=true",
		},
		{name: "flags of mh", lines: "lb_algo mh\nmh-port\nmh-fallback", want: "Scheduler=mh Flags.Sched1=true Flags.Sched2=true"},
		{
			name: "a flag of another scheduler", lines: "lb_algo mh\nsh-port",
			want:  "Scheduler=mh",
			notes: []string{"trap at 2: sh-port does nothing: the scheduler is mh"},
		},
		{
			name: "hashed", lines: "lb_algo sh\nhashed",
			want:  "Scheduler=sh",
			notes: []string{"trap at 2: hashed does nothing: the scheduler is sh"},
		},
		{
			name: "flags by number", lines: "flag-1\nflag-2\nflag-3\nops",
			want: "Flags.OnePacket=true Flags.Sched1=true Flags.Sched2=true Flags.Sched3=true",
		},
		{
			name: "ops for TCP", lines: "protocol TCP\nops",
			want:  "Protocol=tcp",
			notes: []string{"adjusted at -5: ops is for UDP alone: keepalived switches it off"},
		},

		// pto_handler(), pengine_handler(), pgr_handler().
		{name: "persistence without a time", lines: "persistence_timeout", want: "PersistenceTimeout=360"},
		{
			name: "persistence for no time", lines: "persistence_timeout 0",
			notes: []string{"ignored at 1: persistence_timeout: 0 is not between 1 and 2678400"},
		},
		{name: "persistence for 31 days", lines: "persistence_timeout 2678400", want: "PersistenceTimeout=2678400"},
		{
			name: "persistence for more", lines: "persistence_timeout 2678401",
			notes: []string{"ignored at 1: persistence_timeout: 2678401 is not between 1 and 2678400"},
		},
		{name: "an engine", lines: "persistence_timeout 5\npersistence_engine sip", want: "PersistenceTimeout=5 PersistenceEngine=sip"},
		{
			name: "an engine of 16 letters", lines: "persistence_timeout 5\npersistence_engine abcdefghijklmnop",
			want: "PersistenceTimeout=5 PersistenceEngine=abcdefghijklmnop",
		},
		{
			name: "an engine of 17 letters", lines: "persistence_timeout 5\npersistence_engine abcdefghijklmnopq",
			want:  "PersistenceTimeout=5 PersistenceEngine=abcdefghijklmnop",
			notes: []string{"adjusted at 2: persistence_engine: the name is cut after 16 characters"},
		},
		{
			name: "an engine alone", lines: "persistence_engine sip",
			want:  "PersistenceEngine=sip",
			notes: []string{"trap at -5: persistence_engine without persistence_timeout does nothing"},
		},
		{
			name: "granularity makes persistent", lines: "persistence_granularity 255.255.255.0",
			want: "PersistenceTimeout=360 PersistenceGranularity=4294967040",
		},
		{
			name: "a length for a mask of IPv4", lines: "persistence_granularity 24",
			want:  "PersistenceTimeout=360 PersistenceGranularity=24",
			notes: []string{`trap at 1: persistence_granularity: keepalived takes "24" for the netmask 0.0.0.24`},
		},
		{
			name: "no mask", lines: "persistence_granularity 255.255.256.0",
			notes: []string{`ignored at 1: persistence_granularity: "255.255.256.0" is not a netmask`},
		},
		{name: "the mask of everybody", lines: "persistence_granularity 0.0.0.0", want: "PersistenceTimeout=360"},

		// proto_handler(), ip_family_handler().
		{name: "a protocol in any letters", lines: "protocol sCtP", want: "Protocol=sctp"},
		{
			name: "a protocol that is none", lines: "protocol dns",
			notes: []string{`ignored at 1: protocol: "dns" is not TCP, UDP or SCTP`},
		},
		{name: "the family that it has", lines: "ip_family inet"},
		{name: "the other family", lines: "ip_family inet6", notes: []string{"ignored at 1: ip_family: the virtual server is ipv4"}},
		{
			name: "a family that is none", lines: "ip_family ipv4",
			notes: []string{`ignored at 1: ip_family: "ipv4" is neither inet nor inet6`},
		},

		// svr_forwarding_handler(): it sets the method before it looks at the options.
		{name: "a method of the last line", lines: "lvs_method DR", want: "Forward.Method=DR"},
		{name: "a method in small letters", lines: "lb_kind dr", notes: []string{`ignored at 1: lb_kind: "dr" is not NAT, DR or TUN`}},
		{
			name: "a tunnel without its port", lines: "sorry_server 10.0.0.9 53\nsorry_server_lvs_method TUN type gue",
			want: "Sorry.Addr=10.0.0.9 Sorry.Port=53 Sorry.Weight=1 " +
				"Sorry.Forward.Method=TUN Sorry.Forward.Tunnel=ipip Sorry.Forward.Checksum=nocsum",
			notes: []string{"ignored at 2: sorry_server_lvs_method: a gue tunnel needs a port, and others have none"},
		},
		{
			name: "a sorry server's tunnel", lines: "sorry_server 10.0.0.9 53\nsorry_server_lvs_method TUN type gue port 6080 csum",
			want: "Sorry.Addr=10.0.0.9 Sorry.Port=53 Sorry.Weight=1 " +
				"Sorry.Forward.Method=TUN Sorry.Forward.Tunnel=gue Sorry.Forward.Port=6080 Sorry.Forward.Checksum=csum",
		},
		{
			name: "a sorry server's method too early", lines: "sorry_server_lvs_method DR\nsorry_server_inhibit\nsorry_server 10.0.0.9 53",
			want: "Sorry.Addr=10.0.0.9 Sorry.Port=53 Sorry.Weight=1 " +
				"Sorry.Forward.Method=NAT Sorry.Forward.Tunnel=ipip Sorry.Forward.Checksum=nocsum",
			notes: []string{
				"ignored at 1: sorry_server_lvs_method: no sorry_server before it",
				"ignored at 2: sorry_server_inhibit: no sorry_server before it",
			},
		},
		{
			name: "a second sorry server", lines: "sorry_server 10.0.0.8 53\nsorry_server_inhibit\nsorry_server 10.0.0.9 54",
			want: "Sorry.Addr=10.0.0.9 Sorry.Port=54 Sorry.Weight=1 " +
				"Sorry.Forward.Method=NAT Sorry.Forward.Tunnel=ipip Sorry.Forward.Checksum=nocsum",
		},
		{
			name: "a sorry server without a port", lines: "sorry_server 10.0.0.9",
			want: "Sorry.Addr=10.0.0.9 Sorry.Weight=1 Sorry.Forward.Method=NAT Sorry.Forward.Tunnel=ipip Sorry.Forward.Checksum=nocsum",
		},
		{
			name: "a sorry server with a wrong port", lines: "sorry_server 10.0.0.9 65536",
			notes: []string{"ignored at 1: sorry_server: 65536 is not between 1 and 65535"},
		},
		{
			name: "a sorry server of the other family", lines: "sorry_server 2001:db8::9 53",
			notes: []string{"ignored at 2: the sorry server 2001:db8::9 is not ipv4 like its virtual server: keepalived leaves it out"},
		},

		// Words of their own, and words with a value.
		{
			name: "alpha has no value", lines: "alpha off",
			want:  "Alpha=true rs.Alpha=true",
			notes: []string{`trap at 1: alpha has no value: keepalived ignores "off" and switches it on`},
		},
		{
			name: "inhibit_on_failure has no value here", lines: "inhibit_on_failure no",
			want:  "Inhibit=true rs.Inhibit=true",
			notes: []string{`trap at 1: inhibit_on_failure has no value: keepalived ignores "no" and switches it on`},
		},
		{name: "ha_suspend and omega", lines: "ha_suspend\nomega", want: "Omega=true HASuspend=true"},
		{name: "smtp_alert off", lines: "smtp_alert off"},
		{
			name: "smtp_alert perhaps", lines: "smtp_alert perhaps",
			notes: []string{`ignored at 1: smtp_alert: "perhaps" is neither true nor false`},
		},
		{name: "virtualhost without a name", lines: "virtualhost", notes: []string{"ignored at 1: virtualhost needs a value"}},
		{name: "an SNMP name", lines: "snmp_name dns", want: "SNMPName=dns"},
		{
			name: "two SNMP names", lines: "snmp_name dns lb",
			notes: []string{"ignored at 1: snmp_name has one value: keepalived ignores the line"},
		},
		{
			name: "quorum scripts", lines: `quorum_up "/bin/q up" root` + "\n" + `quorum_up /bin/again` + "\n" + `quorum_down "/bin/q down"`,
			want:  "QuorumUp.Argv=[/bin/q up] QuorumUp.Dropped=[] QuorumUp.User=root QuorumDown.Argv=[/bin/q down] QuorumDown.Dropped=[]",
			notes: []string{`ignored at 2: quorum_up is already "/bin/q" at /etc/keepalived/keepalived.conf:7`},
		},
	})
}
