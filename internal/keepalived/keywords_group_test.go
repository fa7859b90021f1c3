package keepalived_test

import "testing"

const groupFrame = `virtual_server_group G {
192.0.2.1 53
%s
}
virtual_server group G {
protocol UDP
lb_algo rr
lb_kind NAT
persistence_timeout 5
real_server 10.0.0.1 53 {
}
}
`

// TestGroupMembers has the lines of a group of IPv4 (alloc_vsg_entry() in keepalived/check/check_data.c, inet_stor() in lib/utils.c).
func TestGroupMembers(t *testing.T) {
	readStatements(t, groupFrame, []statement{
		{
			name: "an address without a port", lines: "192.0.2.2",
			want: "member[1] new member[1].First=192.0.2.2 member[1].Last=192.0.2.2 member[1].Port=0",
		},
		{
			name: "port 0 is none", lines: "192.0.2.2 0",
			want: "member[1] new member[1].First=192.0.2.2 member[1].Last=192.0.2.2 member[1].Port=0",
		},
		{
			name: "a port beyond all", lines: "192.0.2.2 65536",
			notes: []string{"ignored at 1: 192.0.2.2: 65536 is not between 1 and 65535"},
		},
		{
			name: "a range by its last part", lines: "192.0.2.2-9 53",
			want: "member[1] new member[1].First=192.0.2.2 member[1].Last=192.0.2.9",
		},
		{
			name: "a range to the end of its /24", lines: "192.0.2.2-255 53",
			want: "member[1] new member[1].First=192.0.2.2 member[1].Last=192.0.2.255",
		},
		{
			name: "a range beyond it", lines: "192.0.2.2-256 53",
			notes: []string{`ignored at 1: "192.0.2.2-256": the end is too large: keepalived leaves the line out`},
		},
		{
			name: "a range to its own start", lines: "192.0.2.2-2 53",
			notes: []string{`ignored at 1: "192.0.2.2-2": the end is not behind the start: keepalived leaves the line out`},
		},
		{
			name: "a range by addresses to its own start", lines: "192.0.2.2-192.0.2.2 53",
			want: "member[1] new member[1].First=192.0.2.2 member[1].Last=192.0.2.2",
		},
		{
			name: "a range backwards", lines: "192.0.2.9-192.0.2.2 53",
			notes: []string{`ignored at 1: "192.0.2.9-192.0.2.2": the end is before the start: keepalived leaves the line out`},
		},
		{
			name: "a range to nowhere", lines: "192.0.2.9- 53",
			notes: []string{`ignored at 1: "192.0.2.9-": the end is not behind the start: keepalived leaves the line out`},
		},
		{
			name: "a range with text behind it", lines: "192.0.2.2-9x 53",
			want:  "member[1] new member[1].First=192.0.2.2 member[1].Last=192.0.2.9",
			notes: []string{`adjusted at 1: "192.0.2.2-9x": keepalived ignores "x"`},
		},
		{
			name: "a range that ends in no address", lines: "192.0.2.2-192.0.2.x 53",
			notes: []string{`ignored at 1: "192.0.2.2-192.0.2.x": the end is not an IP address: keepalived leaves the line out`},
		},
		{
			name: "a network", lines: "192.0.2.8/30 53",
			want: "member[1] new member[1].First=192.0.2.8 member[1].Last=192.0.2.11",
		},
		{
			name: "a network of one", lines: "192.0.2.8/32 53",
			want: "member[1] new member[1].First=192.0.2.8 member[1].Last=192.0.2.8",
		},
		{
			name: "an address within its network", lines: "192.0.2.9/30 53",
			notes: []string{`ignored at 1: "192.0.2.9/30": the address has bits beyond the mask: keepalived leaves the line out`},
		},
		{
			name: "a network of everything", lines: "0.0.0.0/0 53",
			notes: []string{`ignored at 1: "0.0.0.0/0": the mask is not valid: keepalived leaves the line out`},
		},
		{
			name: "a mask beyond the address", lines: "192.0.2.8/33 53",
			notes: []string{`ignored at 1: "192.0.2.8/33": the mask is not valid: keepalived leaves the line out`},
		},
		{
			name: "no mask", lines: "192.0.2.8/ 53",
			notes: []string{`ignored at 1: "192.0.2.8/": the mask is not valid: keepalived leaves the line out`},
		},
		{
			name: "a mask by address", lines: "192.0.2.0/255.255.255.0 53",
			notes: []string{`ignored at 1: "192.0.2.0/255.255.255.0": the mask is not valid: keepalived leaves the line out`},
		},
		{
			name: "a name", lines: "ns.example.com 53",
			notes: []string{`ignored at 1: "ns.example.com" is not an IP address: keepalived leaves the line out`},
		},
		{
			name: "a mark", lines: "fwmark 7",
			want: "member[1] new member[1].First=invalid IP member[1].Last=invalid IP " +
				"member[1].Port=0 member[1].FWMark=7 member[1].Family=",
		},
		{
			name: "a mark of its family", lines: "fwmark 7 inet",
			want: "member[1] new member[1].First=invalid IP member[1].Last=invalid IP " +
				"member[1].Port=0 member[1].FWMark=7",
		},
		{
			name: "a mark of a family that is none", lines: "fwmark 7 ipv4",
			notes: []string{`ignored at 1: fwmark: "ipv4" is neither inet nor inet6: keepalived leaves the line out`},
		},
		{
			name: "a mark beyond all", lines: "fwmark 4294967296",
			notes: []string{"ignored at 1: fwmark: 4294967296 is not between 0 and 4294967295"},
		},
		{
			name: "a mark with text behind it", lines: "fwmark 7x",
			want: "member[1] new member[1].First=invalid IP member[1].Last=invalid IP " +
				"member[1].Port=0 member[1].FWMark=7 member[1].Family=",
			notes: []string{`adjusted at 1: fwmark: "7x" is not a number: keepalived reads 7`},
		},
	})
}

// TestGroupMembersIPv6 has those of IPv6, of which keepalived counts the last 16 bits.
func TestGroupMembersIPv6(t *testing.T) {
	readStatements(t, `virtual_server_group G {
2001:db8::1 53
%s
}
virtual_server group G {
protocol UDP
lb_algo rr
lb_kind NAT
persistence_timeout 5
real_server 2001:db8:1::1 53 {
}
}
`, []statement{
		{
			name: "a range in hexadecimal", lines: "2001:db8::2-1f 53",
			want: "member[1] new member[1].First=2001:db8::2 member[1].Last=2001:db8::1f",
		},
		{
			name: "the last range", lines: "2001:db8::2-ffff 53",
			want: "member[1] new member[1].First=2001:db8::2 member[1].Last=2001:db8::ffff",
		},
		{
			name: "a range beyond 16 bits", lines: "2001:db8::2-10000 53",
			notes: []string{`ignored at 1: "2001:db8::2-10000": the end is too large: keepalived leaves the line out`},
		},
		{
			name: "a range by addresses", lines: "2001:db8::2-2001:db8::9 53",
			want: "member[1] new member[1].First=2001:db8::2 member[1].Last=2001:db8::9",
		},
		{
			name: "a range to an address of IPv4 within IPv6", lines: "2001:db8::2-::192.0.2.1 53",
			notes: []string{`ignored at 1: "2001:db8::2-::192.0.2.1": the end is before the start: keepalived leaves the line out`},
		},
		{
			name: "a range across 16 bits", lines: "2001:db8::fff0-2001:db8::1:5 53",
			want:  "member[1] new member[1].First=2001:db8::fff0 member[1].Last=2001:db8::1:5",
			notes: []string{`trap at 1: "2001:db8::fff0-2001:db8::1:5": keepalived counts in the last 16 bits alone and adds 22 addresses`},
		},
		{
			name: "a network", lines: "2001:db8::100/120 53",
			want: "member[1] new member[1].First=2001:db8::100 member[1].Last=2001:db8::1ff",
		},
		{
			name: "a network across 16 bits", lines: "2001:db8:1::/64 53",
			want:  "member[1] new member[1].First=2001:db8:1:: member[1].Last=2001:db8:1:0:ffff:ffff:ffff:ffff",
			notes: []string{`trap at 1: "2001:db8:1::/64": keepalived counts in the last 16 bits alone and adds 65536 addresses`},
		},
		{
			name: "a mask of 129 bits", lines: "2001:db8::/129 53",
			notes: []string{`ignored at 1: "2001:db8::/129": the mask is not valid: keepalived leaves the line out`},
		},
		{
			name: "bits beyond the mask", lines: "2001:db8::1/120 53",
			notes: []string{`ignored at 1: "2001:db8::1/120": the address has bits beyond the mask: keepalived leaves the line out`},
		},
	})
}
