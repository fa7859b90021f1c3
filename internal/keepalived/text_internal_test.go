package keepalived

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestDecomment(t *testing.T) {
	for _, tt := range []struct {
		line, want string
		open       bool
	}{
		{line: "", want: ""},
		{line: " \t word \t", want: "word"},
		{line: "# all", want: ""},
		{line: "! all", want: ""},
		{line: "a # b", want: "a"},
		{line: "a!b", want: "a"},
		{line: `a "b # c" ! d`, want: `a "b # c"`},
		{line: `a \# b \! c`, want: `a # b ! c`},
		{line: `a "\#"`, want: `a "\#"`},
		{line: `a \\# b`, want: `a \\`},
		{line: `a \`, want: `a\`},
		{line: `a \ `, want: `a \`},
		{line: `a "b`, want: `a "b`, open: true},
		{line: `a "b \" c" # d`, want: `a "b \" c"`},
		{line: `a # "b`, want: "a"},
		{line: `a # b \`, want: `a\`},
	} {
		got, open := decomment(tt.line, v228-1)
		if got != tt.want || open != tt.open {
			t.Errorf("decomment(%q) = %q, %t, want %q, %t", tt.line, got, open, tt.want, tt.open)
		}
	}
	if got, _ := decomment(`a # b \`, v240); got != "a" {
		t.Errorf("keepalived 2.4 sees %q behind a comment", got)
	}
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []string
		open bool
	}{
		{line: "  "},
		{line: " a\tb  c\v", want: []string{"a", "b", "c"}},
		{line: `a "b c" d`, want: []string{"a", "b c", "d"}},
		{line: `a"b c"d`, want: []string{"a", "b c", "d"}},
		{line: `a "" b`, want: []string{"a", "", "b"}},
		{line: `a 'b c'`, want: []string{"a", "'b", "c'"}},
		{line: `a "b \" c`, want: []string{"a", `b \`, "c"}},
		{line: `a "b c`, want: []string{"a"}, open: true},
	} {
		got, open := split(tt.line)
		if !slices.Equal(got, tt.want) || open != tt.open {
			t.Errorf("split(%q) = %q, %t, want %q, %t", tt.line, got, open, tt.want, tt.open)
		}
	}
}

func TestSplitEscaped(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []string // nil: not readable
	}{
		{`a b`, []string{"a", "b"}},
		{`a "b c"`, []string{"a", "b c"}},
		{`a 'b "c"'`, []string{"a", `b "c"`}},
		{`a"b c"'d e'f`, []string{"ab cd ef"}},
		{`a\ b`, []string{"a b"}},
		{`"\x41\102\n\cA\E\e"`, []string{"AB\n\x01\x1be"}},
		{`\x414 \1234 \8 \xg`, []string{"\x14", "S4", "8", "xg"}},
		{`\7 \377 \400`, []string{"\a", "\xff", "\x00"}}, // of one byte
		{`\a\b\f\r\t\v\q`, []string{"\a\b\f\r\t\vq"}},
		{`\c`, []string{"c"}},
		{`\x`, []string{"x"}},
		{`'it\'s'`, []string{"it's"}},
		{`a ""`, []string{"a", ""}},
		{`a "b`, nil},
		{`a 'b`, nil},
		{`a \`, nil},
	} {
		got, ok := splitEscaped(tt.line, v232-1, true)
		if !slices.Equal(got, tt.want) || ok != (tt.want != nil) {
			t.Errorf("splitEscaped(%q) = %q, %t, want %q", tt.line, got, ok, tt.want)
		}
	}
	if got, _ := splitEscaped(`a "b \"c\" \x41"`, v232, false); !slices.Equal(got, []string{"a", `b \"c\" \x41`}) {
		t.Errorf("without escapes: %q", got)
	}
}

// TestHexadecimalEscape: 2.3.2 has brought an end to a character of many digits (alloc_strvec_quoted_escaped_common() in lib/parser.c).
func TestHexadecimalEscape(t *testing.T) {
	for _, tt := range []struct {
		line         string
		before, then string
	}{
		{`\x4`, "\x04", "\x04"},
		{`\x41`, "A", "A"},
		{`\x414`, "\x14", "A4"},
		{`\x00041`, "A", "\x00041"},
		{`\x4g`, "\x04g", "\x04g"},
		{`\xaF\x`, "\xafx", "\xafx"},
	} {
		for by, want := range map[release]string{v232 - 1: tt.before, v232: tt.then} {
			if got, ok := splitEscaped(tt.line, by, true); !ok || len(got) != 1 || got[0] != want {
				t.Errorf("%d: splitEscaped(%s) = %q, want %q", by, tt.line, got, want)
			}
		}
	}
}

func TestParseSequence(t *testing.T) {
	for _, tt := range []struct {
		line string
		want string // values and the text; empty: not valid
	}{
		{"~SEQ(i, 3) x", "i=1 i=2 i=3 x"},
		{"~SEQ(i, 0) x", "i=1 i=0 x"},
		{"~SEQ(i, -2) x", "i=-1 i=-2 x"},
		{"~SEQ(i, 3, 5) x", "i=3 i=4 i=5 x"},
		{"~SEQ(i, 5, 3) x", "i=5 i=4 i=3 x"},
		{"~SEQ(i, 7, 7) x", "i=7 x"},
		{"~SEQ(i, 1, 2, 6) x", "i=1 i=3 i=5 x"},
		{"~SEQ(i, 0x0a, 012) x", "i=10 x"},
		{"~SEQ(i, ,2) x", "i=0 i=1 i=2 x"},
		{"~SEQx(i, 9, 11)  x y", "i=9 i=a i=b x y"},
		{"~SEQ(i, 1, 0, 2) x", ""},
		{"~SEQ(i, 1, -1, 2) x", ""},
		{"~SEQ(i, 2, 1, 1) x", ""},
		{"~SEQ(i, a) x", ""},
		{"~SEQ(i, 1, 2, 3, 4) x", ""},
		{"~SEQ(i) x", ""},
		{"~SEQ(, 3) x", ""},
		{"~SEQ(i, 3 x", ""},
		{"~SEQ i, 3) x", ""},
		{"~SEQx(i, -1, 3) x", ""},
		{"~SEQ(i, 1, 9223372036854775807) x", ""},
		{"~LST(i, a, b) x", "i=a i=b x"},
		{"~LST({i, j}, {a, b}, {c}) x", "i=a j=b i=c j= x"},
		{"~LST ( {i,j} , {a,b} ) x", "i=a j=b x"},
		{"~LST({i}, a, {b}) x", "i=a i=b x"},
		{"~LST(i) x", ""},
		{"~LST(i, {a, b}) x", ""},
		{"~LST(i, a b) x", ""},
		{"~LST({i, j}, {a, b) x", ""},
		{"~LST({i", ""},
		{"~LST", ""},
	} {
		s, ok := parseSequence(tt.line, func(s string) string { return s })
		if !ok {
			if tt.want != "" {
				t.Errorf("%s: not valid", tt.line)
			}
			continue
		}
		var b strings.Builder
		for more, n := true, 0; more && n < 100; n++ {
			more = s.turn(func(name, value string) { fmt.Fprintf(&b, "%s=%s ", name, value) })
		}
		if got := b.String() + s.text; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		text    string
		lenient bool
		want    string
	}{
		{"5", false, "5"},
		{" +5", false, "5"},
		{"", false, "0"},
		{"5x", true, `5 "5x" is not a number: keepalived reads 5`},
		{"x", true, `0 "x" is not a number: keepalived reads 0`},
		{"5x", false, `no "5x" is not a number`},
		{"-5", true, `no "-5" is negative`},
		{"101", true, "no 101 is not between 0 and 100"},
		{"99999999999999999999999", true, "no 99999999999999999999999 is not between 0 and 100"},
	} {
		n := readUnsigned(tt.text, 0, 100, tt.lenient)
		if got := numberText(n, fmt.Sprint(n.v)); got != tt.want {
			t.Errorf("readUnsigned(%q, %t): %s, want %s", tt.text, tt.lenient, got, tt.want)
		}
	}
	for _, tt := range []struct{ text, want string }{
		{"5", "5s"},
		{"0.25", "250ms"},
		{".5", "500ms"},
		{"0", "no \"0\" is out of range"},
		{"1.0000014", "1.000001s 1.0000014 has more than six decimal places: keepalived rounds it"},
		{"1.0000015", "1.000002s 1.0000015 has more than six decimal places: keepalived rounds it"},
		{"3x", `3µs "3x" is not a number: keepalived reads 3µs`},
		{"-1", `no "-1" is negative`},
		{"99999999999999999999", `no "99999999999999999999" is too large`},
		{" 3", "3s"},
		{"\t+2.5", "2.5s"},
		{". 5", "50ms"},
		{" 3 ", `3µs " 3 " is not a number: keepalived reads 3µs`},
		{" x", `no " x" is out of range`},
		{" -3", `2562047h47m16.854775807s " -3" is negative, and with a blank in front keepalived takes it for a time without end`},
	} {
		n := microseconds(tt.text, 1, anyTime)
		if got := numberText(n, duration(n.v).String()); got != tt.want {
			t.Errorf("microseconds(%q): %s, want %s", tt.text, got, tt.want)
		}
	}
	if got := duration(anyTime); got <= 0 || got < 200*365*24*time.Hour {
		t.Errorf("the longest time is %v", got)
	}
}

func numberText(n number, v string) string {
	if !n.ok {
		v = "no"
	}
	return strings.TrimSpace(v + " " + n.complaint + n.trap)
}

func TestLooseIPv4(t *testing.T) {
	for text, want := range map[string]string{
		"255.255.255.0": "ffffff00",
		"24":            "00000018",
		"0xff.1":        "ff000001",
		"010.0.0.1":     "08000001",
		"1.2.3":         "01020003",
		"4294967295":    "ffffffff",
		"4294967296":    "",
		"1.2.3.256":     "",
		"1.2.3.4.5":     "",
		"256.1":         "",
		"1_0":           "",
		"0b1":           "",
		"/24":           "",
		"":              "",
	} {
		got := ""
		if v, ok := looseIPv4(text); ok {
			got = fmt.Sprintf("%08x", v)
		}
		if got != want {
			t.Errorf("looseIPv4(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestGlob(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, name := range []string{"b.conf", "a.conf", "a.txt", ".a.conf", "d/x.conf", "d/y.conf", ".h/x.conf"} {
		fsys[name] = &fstest.MapFile{}
	}
	for _, tt := range []struct {
		pattern string
		want    string
		missing bool
	}{
		{"/a.conf", "/a.conf", false},
		{"/none.conf", "", true},
		{"/*.conf", "/a.conf /b.conf", false},
		{"/.*.conf", "/.a.conf", false},
		{"/*/x.conf", "/d/x.conf", false},
		{"/{b,a}.conf", "/b.conf /a.conf", false},
		{"/{d/{y,x},a}.conf", "/d/y.conf /d/x.conf /a.conf", false},
		{"/{a,none}.conf", "/a.conf", true},
		{"/[!a].conf", "/b.conf", false},
		{"/?.txt", "/a.txt", false},
		{"/d", "/d", false},
		{"/[", "", false},
		{"/{a", "", true},
		{"/../a.conf", "/a.conf", false},
	} {
		left := 1000
		got, missing := glob(counted{fsys, &left}, tt.pattern)
		if strings.Join(got, " ") != tt.want || missing != tt.missing {
			t.Errorf("glob(%q) = %q, %t, want %q, %t", tt.pattern, got, missing, tt.want, tt.missing)
		}
	}
	if n := len(braces(strings.Repeat("{a,b}", 30), maxAlternatives)); n > maxAlternatives {
		t.Errorf("%d alternatives", n)
	}
}
