package keepalived_test

import "testing"

// checkFrame has a check of one kind, in the place of KIND.
const checkFrame = `virtual_server 192.0.2.1 53 {
protocol UDP
lb_algo rr
lb_kind NAT
real_server 10.0.0.1 53 {
KIND {
%s
}
}
}
`

// TestConnections has where a check goes to and for how long (co_*_handler() in keepalived/check/check_api.c).
func TestConnections(t *testing.T) {
	readStatements(t, check("TCP_CHECK"), []statement{
		{name: "another address", lines: "connect_ip 10.0.0.2", want: "rs.check.Connect.Addr=10.0.0.2"},
		{
			name: "a port before its address", lines: "connect_port 5353\nconnect_ip 10.0.0.2",
			want: "rs.check.Connect.Addr=10.0.0.2 rs.check.Connect.Port=5353",
		},
		{name: "an address of the other family", lines: "connect_ip 2001:db8::1", want: "rs.check.Connect.Addr=2001:db8::1"},
		{
			name: "an address that is none", lines: "connect_ip ns1.example.com",
			want:  "rs.check.Connect.Addr=invalid IP",
			notes: []string{`ignored at 1: connect_ip: "ns1.example.com" is not an IP address`},
		},
		{name: "the first address of a range", lines: "connect_ip 10.0.0.2-9", want: "rs.check.Connect.Addr=10.0.0.2"},
		{
			name: "a source", lines: "bindto 10.0.0.9\nbind_port 1053",
			want: "rs.check.Connect.BindAddr=10.0.0.9 rs.check.Connect.BindPort=1053",
		},
		{
			name: "a source of the other family", lines: "bindto 2001:db8::9",
			notes: []string{"ignored at 1: bindto: 2001:db8::9 and 10.0.0.1 have two families"},
		},
		{name: "a source that is none", lines: "bindto eth0", notes: []string{`ignored at 1: bindto: "eth0" is not an IP address`}},
		{
			name: "a source and an address of the other family", lines: "bindto 10.0.0.9\nconnect_ip 2001:db8::1",
			want:  "rs.check.Connect.Addr=invalid IP rs.check.Connect.BindAddr=10.0.0.9",
			notes: []string{"ignored at 2: connect_ip: 2001:db8::1 and 10.0.0.9 have two families"},
		},
		{name: "port 0", lines: "connect_port 0", notes: []string{"ignored at 1: connect_port: 0 is not between 1 and 65535"}},
		{name: "the last port", lines: "connect_port 65535", want: "rs.check.Connect.Port=65535"},
		{
			name: "a port beyond it", lines: "connect_port 65536",
			notes: []string{"ignored at 1: connect_port: 65536 is not between 1 and 65535"},
		},
		{
			name: "a port with its protocol", lines: "connect_port 53/tcp",
			notes: []string{`adjusted at 1: connect_port: "53/tcp" is not a number: keepalived reads 53`},
		},
		{name: "bind_port 0", lines: "bind_port 0", notes: []string{"ignored at 1: bind_port: 0 is not between 1 and 65535"}},
		{name: "an interface of 15 letters", lines: "bind_if eth012345678901", want: "rs.check.Connect.Interface=eth012345678901"},
		{
			name: "an interface of 16 letters", lines: "bind_if eth0123456789012",
			notes: []string{`ignored at 1: bind_if: "eth0123456789012" is too long for an interface`},
		},
		{
			name: "a link-local address with its interface", lines: "connect_ip fe80::1\nbind_if eth0",
			want: "rs.check.Connect.Addr=fe80::1 rs.check.Connect.Interface=eth0",
		},
		{
			name: "a link-local address without one", lines: "connect_ip fe80::1",
			want: "rs.check gone",
			notes: []string{
				"ignored at 2: the link-local address fe80::1 needs bind_if: keepalived drops the checker, and the real server counts as up",
			},
		},
		{name: "the longest time", lines: "connect_timeout 4294.967295", want: "rs.check.Connect.Timeout=1h11m34.967295s"},
		{
			name: "half a microsecond", lines: "connect_timeout 0.0000004",
			notes: []string{`ignored at 1: connect_timeout: "0.0000004" is out of range`},
		},
		{name: "no time", lines: "connect_timeout 0", notes: []string{`ignored at 1: connect_timeout: "0" is out of range`}},
		{name: "a mark", lines: "fwmark 4294967295", want: "rs.check.Connect.FWMark=4294967295"},
		{
			name: "a mark beyond all", lines: "fwmark 4294967296",
			notes: []string{"ignored at 1: fwmark: 4294967296 is not between 0 and 4294967295"},
		},
	})
}

// TestCommonWords has what every check of its own time has (check_api.c). Unlike those of the servers, its retry may be 0.
func TestCommonWords(t *testing.T) {
	readStatements(t, check("TCP_CHECK"), []statement{
		{name: "no retry", lines: "retry 0", want: "rs.check.Retry=0"},
		{
			name: "retry with text behind it", lines: "retry 3x",
			want:  "rs.check.Retry=3",
			notes: []string{`adjusted at 1: retry: "3x" is not a number: keepalived reads 3`},
		},
		{name: "the most retries", lines: "retry 4294967294", want: "rs.check.Retry=4294967294"},
		{name: "alpha", lines: "alpha", want: "rs.check.Alpha=true"},
		{name: "alpha off", lines: "alpha off"},
		{name: "alpha in capitals", lines: "alpha ON", notes: []string{`ignored at 1: alpha: "ON" is neither true nor false`}},
		{name: "a delay loop is the warmup too", lines: "delay_loop 3", want: "rs.check.DelayLoop=3s rs.check.Warmup=3s"},
		{name: "no warmup", lines: "warmup 0", want: "rs.check.Warmup=0s"},
		{name: "no delay before retry", lines: "delay_before_retry 0", want: "rs.check.DelayBeforeRetry=0s"},
		{
			name: "a delay loop below a microsecond", lines: "delay_loop 0.0000001",
			notes: []string{`ignored at 1: delay_loop: "0.0000001" is out of range`},
		},
		{name: "all failures", lines: "log_all_failures true", want: "rs.check.LogAllFailures=true"},
		{
			name: "a word of another check", lines: "misc_timeout 3",
			notes: []string{`unknown at 1: keepalived does not know "misc_timeout" here and skips the line`},
		},
	})
}

// TestMisc has MISC_CHECK (check_misc.c).
func TestMisc(t *testing.T) {
	readStatements(t, check("MISC_CHECK", `misc_path "/bin/check a"`), []statement{
		{name: "a time of its own", lines: "misc_timeout 3", want: "rs.check.Misc.Timeout=3s"},
		{name: "no time is the delay loop", lines: "misc_timeout 0"},
		{
			name: "a fraction of a second", lines: "misc_timeout 2.5",
			want:  "rs.check.Misc.Timeout=2s",
			notes: []string{`adjusted at 1: misc_timeout: "2.5" is not a number: keepalived reads 2`},
		},
		{name: "the longest misc_timeout", lines: "misc_timeout 4294", want: "rs.check.Misc.Timeout=1h11m34s"},
		{
			name: "a longer time", lines: "misc_timeout 4295",
			notes: []string{"ignored at 1: misc_timeout: 4295 is not between 0 and 4294"},
		},
		{name: "its own delay loop does not limit the script", lines: "delay_loop 3", want: "rs.check.DelayLoop=3s rs.check.Warmup=3s"},
		{
			name: "dynamic has no value", lines: "misc_dynamic no",
			want:  "rs.check.Misc.Dynamic=true",
			notes: []string{`trap at 1: misc_dynamic has no value: keepalived ignores "no" and switches it on`},
		},
		{name: "a user", lines: "user dns", want: "rs.check.Misc.Path.User=dns"},
		{name: "a user and a group", lines: "user dns staff more", want: "rs.check.Misc.Path.User=dns rs.check.Misc.Path.Group=staff"},
		{name: "no user", lines: "user", notes: []string{"ignored at 1: user needs a value"}},
		{
			name: "the last path counts, the user stays", lines: "user dns\n" + `misc_path "/bin/other"`,
			want: "rs.check.Misc.Path.User=dns",
		},
		{
			name: "a word of connections", lines: "connect_timeout 3",
			notes: []string{`unknown at 1: keepalived does not know "connect_timeout" here and skips the line`},
		},
	})
}

// TestDNS has DNS_CHECK (check_dns.c).
func TestDNS(t *testing.T) {
	readStatements(t, check("DNS_CHECK"), []statement{
		{name: "a type in small letters", lines: "type aaaa", want: "rs.check.DNS.Type=AAAA"},
		{
			name: "a type that keepalived does not know", lines: "type SRV",
			notes: []string{`ignored at 1: type: DNS_CHECK cannot ask for "SRV"`},
		},
		{name: "a type by number", lines: "type 1", notes: []string{`ignored at 1: type: DNS_CHECK cannot ask for "1"`}},
		{name: "the last type counts", lines: "type A\ntype TXT", want: "rs.check.DNS.Type=TXT"},
		{name: "a name", lines: "name www.example.com", want: "rs.check.DNS.Name=www.example.com"},
		{name: "a name with its dot", lines: "name www.example.com.", want: "rs.check.DNS.Name=www.example.com."},
		{
			name: "the first name counts", lines: "name www.example.com\nname example.com",
			want:  "rs.check.DNS.Name=www.example.com",
			notes: []string{`ignored at 2: name is already "www.example.com"`},
		},
		{name: "the root", lines: "name ."},
		{
			name: "an empty label in front", lines: "name .example.com",
			notes: []string{`ignored at 1: name: ".example.com" has an empty label`},
		},
		{
			name: "an empty label within", lines: "name www..example.com",
			notes: []string{`ignored at 1: name: "www..example.com" has an empty label`},
		},
		{
			name: "an empty label at the end", lines: "name example.com..",
			notes: []string{`ignored at 1: name: "example.com.." has an empty label`},
		},
		// dns_name_handler() begins to look for two dots at the first letter, without looking whether that is one.
		{
			name: "a first label of one letter", lines: "name a.root-servers.net",
			notes: []string{
				`ignored at 1: name: keepalived takes the first label of "a.root-servers.net" for an empty one, since it is one letter, ` +
					`and asks for "."`,
			},
		},
		{
			name: "a name of one letter and its dot", version: "2.4.3", lines: "name a.",
			notes: []string{
				`ignored at 1: name: keepalived takes the first label of "a." for an empty one, since it is one letter, and asks for "."`,
			},
		},
		{name: "a later label of one letter", lines: "name ns.a.example.com", want: "rs.check.DNS.Name=ns.a.example.com"},
		{name: "a name of one letter", lines: "name a", want: "rs.check.DNS.Name=a"},
		{
			name: "its delay loop is the delay before a retry", lines: "delay_loop 7",
			want: "rs.check.DelayLoop=7s rs.check.Warmup=7s rs.check.DelayBeforeRetry=7s",
		},
	})
}

// TestUDP has UDP_CHECK (check_udp.c, read_hex_str() in lib/parser.c).
func TestUDP(t *testing.T) {
	readStatements(t, check("UDP_CHECK"), []statement{
		{name: "a payload", lines: "payload 0A 1f 7", want: "rs.check.UDP.Payload=[10 31 7]"},
		{name: "digits without a blank", lines: "payload 0a1f7", want: "rs.check.UDP.Payload=[10 31 7]"},
		{name: "no payload", lines: "payload", notes: []string{"ignored at 1: payload needs hexadecimal digits"}},
		{name: "no digit", lines: "payload 0g", notes: []string{"ignored at 1: payload needs hexadecimal digits"}},
		{name: "any digit in a payload", lines: "payload xx", notes: []string{"ignored at 1: payload needs hexadecimal digits"}},
		{
			name: "ff at the end before 2.3.2", version: "2.3.1", lines: "payload 00 ff",
			notes: []string{"ignored at 1: payload needs hexadecimal digits"},
		},
		{name: "ff at the end since 2.3.2", version: "2.3.2", lines: "payload 00 ff", want: "rs.check.UDP.Payload=[0 255]"},
		{name: "ff that is not at the end", lines: "payload ff 00", want: "rs.check.UDP.Payload=[255 0]"},
		{name: "any reply", lines: "require_reply", want: "rs.check.UDP.RequireReply=true"},
		{name: "a reply", lines: "require_reply Xx 8X x", want: "rs.check.UDP.RequireReply=true rs.check.UDP.Reply=xx8x0x"},
		{
			name: "a reply that is none", lines: "require_reply zz",
			want:  "rs.check.UDP.RequireReply=true",
			notes: []string{"ignored at 1: require_reply: the text is not hexadecimal: keepalived takes any reply"},
		},
		{
			name: "a reply that ends in ff before 2.3.2", version: "2.2.7", lines: "require_reply 01 ff",
			want:  "rs.check.UDP.RequireReply=true",
			notes: []string{"ignored at 1: require_reply: the text is not hexadecimal: keepalived takes any reply"},
		},
		{
			name: "a reply of ten bytes to twenty", lines: "min_reply_length 10\nmax_reply_length 20",
			want: "rs.check.UDP.MinReplyLength=10 rs.check.UDP.MaxReplyLength=20",
		},
		{
			name: "a reply of twenty bytes to ten", lines: "min_reply_length 20\nmax_reply_length 10",
			want:  "rs.check.UDP.MinReplyLength=20 rs.check.UDP.MaxReplyLength=10",
			notes: []string{"trap at 3: min_reply_length is above max_reply_length: the check always fails"},
		},
		{
			name: "a longer reply than the longest", lines: "min_reply_length 256",
			want:  "rs.check.UDP.MinReplyLength=256",
			notes: []string{"trap at 2: min_reply_length is above max_reply_length: the check always fails"},
		},
		{name: "the longest reply", lines: "max_reply_length 65535", want: "rs.check.UDP.MaxReplyLength=65535"},
		{
			name: "a reply beyond UDP", lines: "max_reply_length 65536",
			notes: []string{"ignored at 1: max_reply_length: 65536 is not between 0 and 65535"},
		},
		{
			name: "a length with its unit", lines: "max_reply_length 512B",
			notes: []string{`ignored at 1: max_reply_length: "512B" is not a number`},
		},
	})
}

// TestSMTP has SMTP_CHECK (check_smtp.c). Before 2.2.8 a host block is a connection of its own.
func TestSMTP(t *testing.T) {
	readStatements(t, check("SMTP_CHECK"), []statement{
		{name: "a name to greet with", lines: "helo_name lb.example.com", want: "rs.check.SMTP.Helo=lb.example.com"},
		{name: "no name", lines: "helo_name", notes: []string{"ignored at 1: helo_name needs a value"}},
		{
			name: "one host", lines: "host {\nconnect_port 2525\nconnect_timeout 2\n}",
			want: "rs.check.Connect.Port=2525 rs.check.Connect.Timeout=2s",
		},
		{
			name: "a host without a time", lines: "host {\nconnect_port 2525\n}",
			want:  "rs.check.Connect.Port=2525 rs.check.Connect.Timeout=0s",
			notes: []string{"trap at 3: a host without connect_timeout is given no time to answer, so the check fails"},
		},
		{
			name: "a connection and a host", lines: "connect_port 587\nhost {\nconnect_timeout 2\n}",
			want: "rs.check.Connect.Port=587 rs.Checkers[1] new rs.Checkers[1].Connect.Timeout=2s",
		},
		{
			name: "a host that cannot be reached", lines: "host {\nconnect_ip fe80::1\nconnect_timeout 2\n}",
			notes: []string{"ignored at 4: the link-local address fe80::1 needs bind_if: keepalived leaves the host out"},
		},
		// The handler of bindto has nothing to compare it with yet, and the check cannot bind ("socket bind failed. Rescheduling").
		{
			name: "a source of another family than the server", lines: "bindto 2001:db8::9",
			want: "rs.check.Connect.BindAddr=2001:db8::9",
			notes: []string{
				"trap at 2: the checker cannot bind to 2001:db8::9, which is not ipv4 like 10.0.0.1: it never asks, and " +
					"the state of the real server stays as it is",
			},
		},
		{
			name: "a source of another family than the address", lines: "connect_ip 10.0.0.2\nbindto 2001:db8::9",
			want:  "rs.check.Connect.Addr=10.0.0.2",
			notes: []string{"ignored at 2: bindto: 2001:db8::9 and 10.0.0.2 have two families"},
		},
		{
			name: "an address of another family than the source", lines: "bindto 2001:db8::9\nconnect_ip 10.0.0.2",
			want: "rs.check.Connect.BindAddr=2001:db8::9",
			notes: []string{
				"ignored at 2: connect_ip: 10.0.0.2 and 2001:db8::9 have two families",
				"trap at 3: the checker cannot bind to 2001:db8::9, which is not ipv4 like 10.0.0.1: it never asks, and " +
					"the state of the real server stays as it is",
			},
		},
		{
			name: "an SMTP server by its name", lines: "connect_ip mail.example.com",
			notes: []string{`ignored at 1: connect_ip: "mail.example.com" is not an IP address`},
		},
		{
			name: "a host's source of another family", lines: "host {\nbindto 2001:db8::9\nconnect_timeout 2\n}",
			want:  "rs.check.Connect.Timeout=2s",
			notes: []string{"ignored at 2: bindto: 2001:db8::9 and 10.0.0.1 have two families"},
		},
	})
}
