package config

import (
	"net/netip"
	"strings"
	"testing"
)

func TestParsePattern(t *testing.T) {
	for _, tt := range []struct{ text, want string }{ // of the error; empty: it is one
		{"192.0.2.0/24", ""},
		{"192.0.2.1", ""},
		{"0.0.0.0/0", ""},
		{"2001:db8::/32", ""},
		{"2001:DB8::1", ""}, // an address is read, and not compared as text
		{"192.0.2.*", ""},
		{"192.0.?.1", ""},
		{"2001:db8::*", ""},
		{"*", ""},
		{"10.*", ""},
		{"0.*", ""},
		{"fwm:7", ""},
		{"fwm:*", ""},
		{"fwm:1?", ""},
		{"fwm:4294967295", ""},

		{"", `want a network such as`},
		{"dns.example.com", `want a network such as`},
		{"192.0.2", `want a network such as`},
		{"192.0.2.[1-9]", `want a network such as`},
		{`192.0.2.\*`, `want a network such as`},
		{"fe80::1%eth0", `want a network such as`},
		{"192.0.2.1/24", `the network is "192.0.2.0/24"`},
		{"2001:db8::1/64", `the network is "2001:db8::/64"`},
		{"192.0.2.0/33", `want a network such as 192.0.2.0/24`},
		{"/24", `want a network such as 192.0.2.0/24`},
		{"fwm:", `want a mark such as fwm:7`},
		{"fwm:-1", `want a mark such as fwm:7`},
		{"fwm:0x7", `want a mark such as fwm:7`},
		{"fwm:4294967296", `want a mark such as fwm:7`},
		// What would never match anything is a mistake, too.
		{"fwm:0", `want a mark such as fwm:7`},
		{"fwm:007", `want a mark such as fwm:7`},
		{"fwm:0*", `want a mark such as fwm:7`},
		{"2001:DB8::*", `matches no address: they are written in small letters`},
		{"2001:0db8::*", `matches no address`},
		{"192.0.02.*", `matches no address`},
	} {
		p, err := ParsePattern(tt.text)
		switch {
		case tt.want == "" && (err != nil || p.String() != tt.text):
			t.Errorf("%q: %q, %v", tt.text, p, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestMatches(t *testing.T) {
	addr := netip.MustParseAddr
	for _, tt := range []struct {
		pattern string
		vip     netip.Addr
		mark    uint32
		want    bool
	}{
		{"192.0.2.0/24", addr("192.0.2.255"), 0, true},
		{"192.0.2.0/24", addr("192.0.3.0"), 0, false},
		{"192.0.2.1", addr("192.0.2.1"), 0, true},
		{"192.0.2.1", addr("192.0.2.11"), 0, false},
		{"0.0.0.0/0", addr("2001:db8::1"), 0, false}, // one family
		{"::/0", addr("192.0.2.1"), 0, false},
		{"*", addr("192.0.2.1"), 0, true},
		{"*", addr("2001:db8::1"), 0, true},
		{"192.0.2.*", addr("192.0.2.1"), 0, true},
		{"192.0.2.?", addr("192.0.2.10"), 0, false},
		{"2001:DB8::1", addr("2001:db8::1"), 0, true},
		{"2001:db8:*", addr("2001:db8::1"), 0, true},
		{"*::53", addr("2001:db8::53"), 0, true},
		{"fwm:7", netip.Addr{}, 7, true},
		{"fwm:7", netip.Addr{}, 70, false},
		{"fwm:7?", netip.Addr{}, 70, true},
		{"fwm:*", netip.Addr{}, 4294967295, true},
		{"fwm:*", netip.Addr{}, 0, false},
		{"fwm:*", addr("192.0.2.1"), 0, false},
		{"*", netip.Addr{}, 7, false},
		{"0.0.0.0/0", addr("192.0.2.1"), 7, false}, // known by its mark, whatever else is said of it
		{"0.0.0.0/0", netip.Addr{}, 0, false},
	} {
		p, err := ParsePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Matches(tt.vip, tt.mark); got != tt.want {
			t.Errorf("%s, %v with mark %d: %t", tt.pattern, tt.vip, tt.mark, got)
		}
	}
}

// FuzzPattern: no text makes a pattern that reads another way when it is written down.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"192.0.2.0/24", "fwm:*", "2001:db8::*", "*", "::ffff:192.0.2.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePattern(s)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: several lines: %v", s, err)
			}
			return
		}
		if again, err := ParsePattern(p.String()); err != nil || again != p {
			t.Errorf("%q: %+v, then %+v, %v", s, p, again, err)
		}
		p.Matches(netip.MustParseAddr("192.0.2.1"), 0)
		p.Matches(netip.Addr{}, 7)
	})
}
