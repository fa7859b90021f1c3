package keepalived_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// lostText is one virtual server of two real servers, and an instance.
const lostText = `vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 1
	virtual_ipaddress {
		192.0.2.1
	}
}
virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_kind DR
	real_server 10.0.0.1 53 {
		TCP_CHECK {
			connect_timeout 1
		}
	}
	real_server 10.0.0.2 53 {
		TCP_CHECK {
			connect_timeout 1
		}
	}
}
virtual_server 192.0.2.2 53 {
	protocol UDP
	lb_kind DR
	real_server 10.0.0.1 53 {
		weight 1
	}
}
`

// lostCases spoil a few characters of a configuration. What is lost and what is left make up the whole.
var lostCases = []struct {
	name, old, new string
	want           []string // LINE: what is lost
	servers        []int    // how many real servers each virtual server has then
	mend           string   // of the first
}{
	{name: "nothing", servers: []int{2, 1}},
	{"no more than its line", "lb_kind DR", "lb_kind DSR", nil, []int{2, 1}, ""},
	{"a colon for a blank", "virtual_server 192.0.2.1 53", "virtual_server 192.0.2.1:53", []string{"8: virtual_server 192.0.2.1:53"}, []int{1},
		"write a blank between address and port: virtual_server 192.0.2.1 53"},
	{"IPv6 with brackets and a colon", "virtual_server 192.0.2.1 53", "virtual_server [2001:db8::1]:53", []string{
		"8: virtual_server [2001:db8::1]:53",
	}, []int{1},
		"write a blank between address and port: virtual_server 2001:db8::1 53"},
	{"IPv6 with brackets", "virtual_server 192.0.2.1 53", "virtual_server [2001:db8::1] 53", []string{
		"8: virtual_server [2001:db8::1] 53",
	}, []int{1},
		"write the address without brackets: virtual_server 2001:db8::1"},
	{"a name", "virtual_server 192.0.2.1 53", "virtual_server dns.example.com 53", []string{"8: virtual_server dns.example.com 53"}, []int{1},
		"write an IP address, and a port behind a blank: keepalived looks up no names"},
	{"a port out of range", "virtual_server 192.0.2.1 53", "virtual_server 192.0.2.1 99999", []string{
		"8: virtual_server 192.0.2.1 99999",
	}, []int{1},
		"write a port between 1 and 65535"},
	{"a mark that is none", "virtual_server 192.0.2.1 53", "virtual_server fwmark 4294967296", []string{
		"8: virtual_server fwmark 4294967296",
	}, []int{1},
		"write a mark between 1 and 4294967295"},
	{"mark 0", "virtual_server 192.0.2.1 53", "virtual_server fwmark dns", []string{"8: virtual_server fwmark dns"}, []int{2, 1},
		"write a mark between 1 and 4294967295"},
	{"a group that is not there", "virtual_server 192.0.2.1 53", "virtual_server group G", []string{"8: virtual_server group G"}, []int{1},
		"write that group, or correct the name"},
	{"a misspelt virtual_server", "virtual_server 192.0.2.1", "virtual_sever 192.0.2.1",
		[]string{"8: virtual_sever 192.0.2.1 53"}, []int{1},
		`write virtual_server for "virtual_sever"`},
	{"another word for it", "virtual_server 192.0.2.1", "service 192.0.2.1",
		[]string{"8: service 192.0.2.1 53"}, []int{1},
		`write virtual_server for "service"`},
	{"a condition that leaves the first line alone out", "virtual_server 192.0.2.1", "@host2x virtual_server 192.0.2.1", []string{
		"11: real_server 10.0.0.1 53", "16: real_server 10.0.0.2 53",
	}, []int{1},
		"put it inside a virtual_server: a closing brace above it is one too many, or the line that begins the virtual server is wrong"},
	{"a definition that is not there", "virtual_server 192.0.2.1", "$ONLY virtual_server 192.0.2.1",
		[]string{"8: virtual_server 192.0.2.1 53"}, []int{1},
		"write the condition itself on the line: @ID virtual_server 192.0.2.1 53"},

	{"a colon in a real_server", "real_server 10.0.0.1 53", "real_server 10.0.0.1:53", []string{"11: real_server 10.0.0.1:53"}, []int{1, 1},
		"write a blank between address and port: real_server 10.0.0.1 53"},
	{"a real_server of another family", "real_server 10.0.0.1 53", "real_server 2001:db8::21 53", []string{
		"15: real_server 2001:db8::21 53",
	}, []int{1, 1},
		"give it an address of the family of its virtual server, or lvs_method TUN"},
	// The brace that ends it ends the virtual server.
	{"a misspelt real_server", "real_server 10.0.0.1", "real_sever 10.0.0.1", []string{
		"8: virtual_server 192.0.2.1 53", "11: real_sever 10.0.0.1 53", "16: real_server 10.0.0.2 53",
	}, []int{1},
		"give it a real_server, or mend those that it has"},
	{"a misspelt check", "TCP_CHECK {", "TCP_CHEK {", []string{"16: real_server 10.0.0.2 53"}, []int{1, 1},
		"put it inside a virtual_server: a closing brace above it is one too many, or the line that begins the virtual server is wrong"},
	{"the only real_server", "53 {\n\t\tweight 1", ":53 {\n\t\tweight 1", []string{
		"22: virtual_server 192.0.2.2 53", "25: real_server 10.0.0.1 :53",
	}, []int{2},
		"give it a real_server, or mend those that it has"},
	{
		"a check without a script", "TCP_CHECK {\n\t\t\tconnect_timeout 1", "MISC_CHECK {\n\t\t\tmisc_timeout 1",
		[]string{"14: MISC_CHECK of real_server 10.0.0.1 53"}, []int{2, 1}, "correct what stands in that MISC_CHECK",
	},

	// Braces.
	{"no brace behind a check", "connect_timeout 1\n\t\t}\n\t}", "connect_timeout 1\n\t}", []string{
		"15: real_server 10.0.0.2 53",
	}, []int{1, 1},
		`close the block "real_server 10.0.0.1 53" before this line: a closing brace is missing there, and what follows, its checks too, counts for that block`},
	{"no brace behind a virtual server", "\t}\n}\nvirtual_server 192.0.2.2", "\t}\nvirtual_server 192.0.2.2", []string{
		"21: virtual_server 192.0.2.2 53",
	}, []int{2},
		`close the block "virtual_server 192.0.2.1 53" before this line: a closing brace is missing there, and what follows, its checks too, counts for that block`},
	{"a brace too many", "lb_kind DR", "lb_kind DR\n}", []string{
		"8: virtual_server 192.0.2.1 53", "12: real_server 10.0.0.1 53", "17: real_server 10.0.0.2 53",
	}, []int{1},
		"give it a real_server, or mend those that it has"},
	{"no brace behind an instance", "192.0.2.1\n\t}\n}", "192.0.2.1\n\t}", []string{
		"7: virtual_server 192.0.2.1 53", "21: virtual_server 192.0.2.2 53",
	}, nil,
		"close the block that begins at /etc/keepalived/keepalived.conf:1 before this line: a closing brace is missing there"},

	{"no brace behind a group", "virtual_server 192.0.2.2", "virtual_server_group G {\n\t192.0.2.9 53\nvirtual_server 192.0.2.2", []string{
		"24: virtual_server 192.0.2.2 53", "27: real_server 10.0.0.1 53",
	}, []int{2},
		`close the block "virtual_server_group G" before this line: a closing brace is missing there, and what follows, its checks too, counts for that block`},
	// The parent process counts braces, sees no virtual server at all, and starts no checks.
	{"no brace behind a group before all", "virtual_server 192.0.2.1", "virtual_server_group G {\n\t192.0.2.9 53\nvirtual_server 192.0.2.1", []string{
		"10: virtual_server 192.0.2.1 53", "13: real_server 10.0.0.1 53", "18: real_server 10.0.0.2 53", "24: virtual_server 192.0.2.2 53",
	}, nil,
		`close the block "virtual_server_group G" before this line: a closing brace is missing there, and what follows, its checks too, counts for that block`},
	{"a colon in a group", "virtual_server 192.0.2.1", "virtual_server_group G {\n\t192.0.2.9:53\n\t192.0.2.8 53\n}\nvirtual_server 192.0.2.1", []string{
		"9: 192.0.2.9:53",
	}, []int{2, 1},
		"write a blank between address and port: 192.0.2.9 53"},

	// Of other processes.
	{
		"a misspelt instance", "vrrp_instance VI_1", "vrrp_instanc VI_1", []string{"1: vrrp_instanc VI_1"},
		[]int{2, 1}, `write vrrp_instance for "vrrp_instanc"`,
	},
	{
		"an instance without a name", "vrrp_instance VI_1", "vrrp_instance", []string{"1: vrrp_instance"}, []int{2, 1},
		"write one name behind vrrp_instance",
	},
	{
		"an address that is none", "\t\t192.0.2.1\n", "\t\t192.0.2.1.1\n", []string{"5: 192.0.2.1.1"}, []int{2, 1},
		"write an IP address, and behind a slash its prefix length",
	},
	{"a file that is not there", "virtual_server 192.0.2.1", "include more.conf\nvirtual_server 192.0.2.1", []string{
		"8: include more.conf",
	}, []int{2, 1},
		"put the file there, readable, regular and not executable, or take the include out"},
	{"a pattern that finds nothing", "virtual_server 192.0.2.1", "include conf.d/*\nvirtual_server 192.0.2.1", nil, []int{2, 1}, ""},
	{"a sequence that is none", "real_server 10.0.0.1 53 {", "~SEQ(N, 1 9) real_server 10.0.1.$N 53 { weight 1 }\nreal_server 10.0.0.1 53 {", []string{
		"11: ~SEQ(N, 1 9) real_server 10.0.1.$N 53 { weight 1 }",
	}, []int{2, 1},
		"write ~SEQ(NAME, FIRST, LAST) and behind it, on this line, the text to repeat"},
	{"a sequence on a line of its own", "virtual_server 192.0.2.1", "~LST(P, 80, 443\nvirtual_server 192.0.2.1", []string{
		"8: ~LST(P, 80, 443",
	}, []int{2, 1},
		"write ~LST(NAME, VALUE, VALUE) and behind it, on this line, the text to repeat, then restart keepalived"},
}

// TestLost asks which blocks keepalived leaves out whole.
func TestLost(t *testing.T) {
	for _, test := range lostCases {
		t.Run(test.name, func(t *testing.T) {
			cfg := load(t, strings.Replace(lostText, test.old, test.new, 1))
			var got []string
			first := ""
			for _, n := range cfg.Notes {
				if n.Lost != "" {
					place := n.Pos.String()
					got = append(got, place[strings.LastIndexByte(place, ':')+1:]+": "+n.Lost)
					if first == "" {
						first = n.Mend
					}
				}
			}
			var servers []int
			for _, v := range cfg.VirtualServers {
				servers = append(servers, len(v.RealServers))
			}
			if !slices.Equal(got, test.want) || !slices.Equal(servers, test.servers) || first != test.mend {
				t.Errorf(
					"lost\n%s\nleft %v, mend %q\nwant\n%s\nleft %v, mend %q", strings.Join(got, "\n"), servers, first,
					strings.Join(test.want, "\n"), test.servers, test.mend,
				)
			}
		})
	}
}

// TestGroupWithoutBlock has what keepalived would take for members of a group, with which it does not start: each is said once, with one
// way to mend it.
func TestGroupWithoutBlock(t *testing.T) {
	cfg := load(t, strings.Replace(lostText, "virtual_server 192.0.2.1", "virtual_server_group G\nvirtual_server 192.0.2.1", 1))
	var got []string
	for _, n := range cfg.Notes {
		if n.Kind == keepalived.Fatal || n.Lost != "" && n.Pos.Line < 17 {
			got = append(got, fmt.Sprintf("%d %s %q", n.Pos.Line, n.Kind, n.Lost))
			if want := "put the members of the group at /etc/keepalived/keepalived.conf:8 between braces behind its name"; n.Mend != want {
				t.Errorf("%s: mend %q, want %q", n, n.Mend, want)
			}
		}
	}
	if want := []string{
		`9 fatal ""`, `9 ignored "virtual_server 192.0.2.1 53"`, `12 ignored "real_server 10.0.0.1 53"`,
	}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestReloadCheck has the first mistake of a configuration that must have none: it is the fatal one, and is said once.
func TestReloadCheck(t *testing.T) {
	cfg := load(t, "global_defs {\nreload_check_config\n}\n"+strings.Replace(lostText, "lb_kind DR", "lb_kind DSR\nnat_mask 255.0.0.0", 1))
	var got []string
	for _, n := range cfg.Notes {
		if n.Kind == keepalived.Fatal || strings.Contains(n.Text, "DSR") {
			got = append(got, fmt.Sprintf("%d %s", n.Pos.Line, n.Kind))
		}
	}
	if want := []string{"13 fatal"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v\n%v", got, want, cfg.Notes)
	}
}
