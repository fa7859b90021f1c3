package keepalived

import (
	"fmt"
	"testing"
)

// TestUnsignedLimits has numbers at their limits and negative ones, of which keepalived uses some (read_unsigned_func() in lib/parser.c,
// the same from 2.2.7 to 2.4.3).
func TestUnsignedLimits(t *testing.T) {
	for _, tt := range []struct {
		text        string
		least, most uint64
		lenient     bool
		want        string
	}{
		{"1", 1, 65535, true, "1"},
		{"0", 1, 65535, true, "no 0 is not between 1 and 65535"},
		{"65535", 1, 65535, true, "65535"},
		{"65536", 1, 65535, true, "no 65536 is not between 1 and 65535"},
		{"65536x", 1, 65535, true, `no "65536x" is not a number`},
		{"x", 1, 65535, true, `no "x" is not a number`},
		{"007", 1, 65535, true, "7"},
		{"0x10", 0, 65535, true, `0 "0x10" is not a number: keepalived reads 0`},
		{"1.5", 0, 65535, true, `1 "1.5" is not a number: keepalived reads 1`},
		{"++5", 0, 65535, true, `0 "++5" is not a number: keepalived reads 0`},
		{"4294967295", 0, maxUint32, true, "4294967295"},
		{"4294967296", 0, maxUint32, true, "no 4294967296 is not between 0 and 4294967295"},
		{"18446744073709551617", 0, maxUint32, true, "no 18446744073709551617 is not between 0 and 4294967295"}, // 2^64 + 1
		{"-0", 0, maxWeight, true, `0 "-0" is negative: keepalived reads 0`},
		{"  -0", 0, maxWeight, true, `0 "-0" is negative: keepalived reads 0`},
		{"-0", 0, maxWeight, false, `no "-0" is negative`},
		{"-0", 1, maxWeight, true, `no "-0" is negative`},
		{"-", 0, maxWeight, true, `0 "-" is negative: keepalived reads 0`},
		{"-x", 0, maxWeight, true, `0 "-x" is negative: keepalived reads 0`},
		{"-1", 0, maxUint32, true, `no "-1" is negative`},
		{"-18446744073709551615", 0, maxUint32, true, `1 "-18446744073709551615" is negative: keepalived reads 1`},
		{"-18446744073709551616", 0, maxUint32, true, `no "-18446744073709551616" is negative`},
	} {
		n := readUnsigned(tt.text, tt.least, tt.most, tt.lenient)
		if got := numberText(n, fmt.Sprint(n.v)); got != tt.want {
			t.Errorf("readUnsigned(%q, %d, %d, %t): %s, want %s", tt.text, tt.least, tt.most, tt.lenient, got, tt.want)
		}
	}
}

// TestSigned has the weights of files and the like (read_int_func() in lib/parser.c): what follows the digits is ignored.
func TestSigned(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"254", "254"},
		{"-254", "-254"},
		{"+3", "3"},
		{"\t-3", "-3"},
		{"-0", "0"},
		{"255", "no 255 is not between -254 and 254"},
		{"-255", "no -255 is not between -254 and 254"},
		{"-5x", `-5 "-5x" is not a number: keepalived reads -5`},
		{"255x", "no 255x is not between -254 and 254"},
		{"", `0 "" is not a number: keepalived reads 0`},
		{"-", `0 "-" is not a number: keepalived reads 0`},
		{"--5", `0 "--5" is not a number: keepalived reads 0`},
		{"+-5", `0 "+-5" is not a number: keepalived reads 0`},
		{"18446744073709551617", "no 18446744073709551617 is not between -254 and 254"}, // 2^64 + 1
	} {
		v, n := readSigned(tt.text, 254)
		if got := numberText(n, fmt.Sprint(v)); got != tt.want {
			t.Errorf("readSigned(%q): %s, want %s", tt.text, got, tt.want)
		}
	}
}

// TestTimeLimits has times at the limits of connect_timeout and delay_loop (read_decimal_unsigned_long_func() in lib/parser.c).
func TestTimeLimits(t *testing.T) {
	for _, tt := range []struct {
		text        string
		least, most uint64
		want        string
	}{
		{"0.000001", 1, maxUint32, "1µs"},
		{"0.0000005", 1, maxUint32, "1µs 0.0000005 has more than six decimal places: keepalived rounds it"},
		{"0.0000004", 1, maxUint32, `no "0.0000004" is out of range`},
		{"0.0000004", 0, anyTime, "0s 0.0000004 has more than six decimal places: keepalived rounds it"},
		{"0.9999995", 1, maxUint32, "1s 0.9999995 has more than six decimal places: keepalived rounds it"},
		{"4294.967295", 1, maxUint32, "1h11m34.967295s"},
		{"4294.9672954", 1, maxUint32, "1h11m34.967295s 4294.9672954 has more than six decimal places: keepalived rounds it"},
		{"4294.9672955", 1, maxUint32, `no "4294.9672955" is out of range`},
		{"3.", 1, maxUint32, "3s"},
		{".", 0, anyTime, "0s"},
		{"", 0, anyTime, "0s"},
		{"1.2.3", 1, maxUint32, `12µs "1.2.3" is not a number: keepalived reads 12µs`},
		{"1e3", 1, maxUint32, `1µs "1e3" is not a number: keepalived reads 1µs`},
		{"1,5", 1, maxUint32, `1µs "1,5" is not a number: keepalived reads 1µs`},
		{"0.-5", 0, anyTime, `0s "0.-5" is not a number: keepalived reads 0s`},
		{"18446744073709.551614", 0, anyTime, "2562047h47m16.854775807s"}, // the longest: without end
		{"18446744073709.551615", 0, anyTime, `no "18446744073709.551615" is out of range`},
		{"18446744073709.551616", 0, anyTime, `no "18446744073709.551616" is too large`},
	} {
		n := microseconds(tt.text, tt.least, tt.most)
		if got := numberText(n, duration(n.v).String()); got != tt.want {
			t.Errorf("microseconds(%q, %d, %d): %s, want %s", tt.text, tt.least, tt.most, got, tt.want)
		}
	}
}

// TestAddress has what keepalived takes for an address: it looks at nothing behind a dash or a slash (inet_stosockaddr() in lib/utils.c).
func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1":             "192.0.2.1",
		"192.0.2.1-9":           "192.0.2.1",
		"192.0.2.1/24":          "192.0.2.1",
		"2001:db8::1/x":         "2001:db8::1",
		"2001:DB8:0:0:0:0:0:1":  "2001:db8::1",
		"192.0.2.1-2001:db8::1": "", // a colon makes it IPv6
		"192.0.2.1/:":           "",
		"::ffff:192.0.2.1":      "::ffff:192.0.2.1",
		"-192.0.2.1":            "",
		"/24":                   "",
		"fe80::1%eth0":          "",
		"192.0.2.01":            "",
		"192.0.2":               "",
		"192.0.2.1:53":          "",
		"[2001:db8::1]":         "",
		"":                      "",
	} {
		got := ""
		if a, ok := address(text); ok {
			got = a.String()
		}
		if got != want {
			t.Errorf("address(%q) = %q, want %q", text, got, want)
		}
	}
}
