package keepalived

import (
	"fmt"
	"testing"
	"time"
)

// TestBeliefNames has how keepalived writes servers (format_vs() and format_rs() in keepalived/check/check_data.c).
func TestBeliefNames(t *testing.T) {
	for _, tt := range []struct {
		text, vs, rs string // - where the text is none
	}{
		{"[192.0.2.1]:udp:53", "192.0.2.1 53 udp 0  0", "192.0.2.1:53"},
		{"[2001:db8::1]:tcp:853", "2001:db8::1 853 tcp 0  0", "[2001:db8::1]:853"},
		{"[192.0.2.1]:none:0", "192.0.2.1 0  0  0", "192.0.2.1:0"},
		{"[192.0.2.1]:?:53", "192.0.2.1 53  0  0", "192.0.2.1:53"},
		{"[192.0.2.1]:udp:65535", "192.0.2.1 65535 udp 0  0", "192.0.2.1:65535"},
		{"[192.0.2.1]:udp:65536", "-", "-"},
		{"[192.0.2.1]:udp:", "-", "-"},
		{"[192.0.2.1]:udp", "-", "-"},
		{"192.0.2.1:53", "-", "-"},
		{"[192.0.2.1", "-", "-"},
		{"[]:udp:53", "-", "-"},
		{"FWM 7", "invalid IP 0  7  0", "-"},
		{"FWM 4294967295", "invalid IP 0  4294967295  0", "-"},
		{"FWM 4294967296", "-", "-"},
		{"FWM -1", "-", "-"},
		{"[dns]:3", "invalid IP 0  0 dns 3", "-"},
		{"[a]b]:0", "invalid IP 0  0 a]b 0", "-"},
		{"[dns]:x", "-", "-"},
		{"", "-", "-"},
	} {
		vs, rs := "-", "-"
		if n, err := parseVSName(tt.text); err == nil {
			vs = fmt.Sprintf("%s %d %s %d %s %d", n.Addr, n.Port, n.Protocol, n.FWMark, n.Group, n.Index)
		}
		if n, err := parseRSName(tt.text); err == nil {
			rs = fmt.Sprintf("%s:%d", n.Addr, n.Port)
			if n.Addr.Is6() {
				rs = fmt.Sprintf("[%s]:%d", n.Addr, n.Port)
			}
		}
		if vs != tt.vs || rs != tt.rs {
			t.Errorf("%q: %q and %q, want %q and %q", tt.text, vs, rs, tt.vs, tt.rs)
		}
	}
}

// TestBeliefValues has the other values of a dump.
func TestBeliefValues(t *testing.T) {
	flag := func(s string) (any, error) { return parseFlag(s) }
	micro := func(s string) (any, error) { return parseMicroseconds(s) }
	pair := func(s string) (any, error) { return parsePair(s) }
	ran := func(s string) (any, error) {
		v, err := parseTime(s)
		if v.IsZero() {
			return "never", err
		}
		return v.UTC().Format(time.RFC3339Nano), err
	}
	for _, tt := range []struct {
		what, text string
		parse      func(string) (any, error)
		want       string // empty: none
	}{
		{"flag", "1", flag, "true"},
		{"flag", "yes", flag, "true"},
		{"flag", "YES", flag, "true"},
		{"flag", "ON", flag, "true"},
		{"flag", "0", flag, "false"},
		{"flag", "no", flag, "false"},
		{"flag", "NO", flag, "false"},
		{"flag", "OFF", flag, "false"},
		{"flag", "2", flag, ""},
		{"flag", "", flag, ""},
		{"time", "1500000 us", micro, "1.5s"},
		{"time", "0", micro, "0s"},
		{"time", "18446744073709551615", micro, "2562047h47m16.854775807s"},
		{"time", "18446744073709551616", micro, ""},
		{"time", "-1 us", micro, ""},
		{"time", "1.5", micro, ""},
		{"destination", "[10.0.0.1]:53", pair, "10.0.0.1:53"},
		{"destination", "[2001:db8::1]:53", pair, "[2001:db8::1]:53"},
		{"destination", "[10.0.0.1]:65536", pair, ""},
		{"destination", "10.0.0.1:53", pair, ""},
		{"destination", "[10.0.0.1]", pair, ""},
		{"last run", "0.000000", ran, "never"},
		{"last run", "0.000001 (Thu Jan 1 00:00:00 1970)", ran, "1970-01-01T00:00:00.000001Z"},
		{"last run", "1795411000.000250 (Mon Nov 23 05:16:40 2026.000250)", ran, "2026-11-23T05:16:40.00025Z"},
		{"last run", "1795411000", ran, "2026-11-23T05:16:40Z"},
		{"last run", "1795411000.x", ran, ""},
		{"last run", "never", ran, ""},
	} {
		v, err := tt.parse(tt.text)
		got := fmt.Sprint(v)
		if err != nil {
			got = ""
		}
		if got != tt.want {
			t.Errorf("%s %q: %q, want %q: %v", tt.what, tt.text, got, tt.want, err)
		}
	}
}
