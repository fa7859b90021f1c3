package line

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestWords writes words and reads them again: a line of all kinds, in two orders.
func TestWords(t *testing.T) {
	texts := []string{"", " ", "a b", `quo"te`, `back\slash`, "new\nline", "ö", "\xff", "-", strings.Repeat("x", 5000), `"`, `\`, "\x00"}
	times := []time.Time{{}, time.Unix(0, 1).UTC(), time.Unix(1767323001, 999999999).UTC(), time.Unix(-5, 0).UTC()}
	addrs := []netip.AddrPort{{}, netip.MustParseAddrPort("192.0.2.1:53"), netip.MustParseAddrPort("[2001:db8::1]:0")}
	var e Encoder
	e.Line("first")
	for _, s := range texts {
		e.Text(s)
	}
	for _, at := range times {
		e.Time(at)
	}
	for _, a := range addrs {
		e.AddrPort(a)
	}
	e.Line("second")
	e.Word("")
	e.Word("word")
	e.Int(-1 << 63)
	e.Uint(1<<64 - 1)
	e.Bool(true)
	e.Bool(false)
	first, second, _ := strings.Cut(string(e.B), "\n")
	if strings.Contains(second, "\n") || !strings.HasPrefix(second, "second - word ") {
		t.Fatalf("%q", e.B)
	}
	d := Decoder{Rest: []byte(strings.TrimPrefix(first, "first "))}
	for _, want := range texts {
		if got := d.Text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, want := range times {
		if got := d.Time(); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
	for _, want := range addrs {
		if got := d.AddrPort(); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if d.Err != nil || d.More() {
		t.Errorf("%v, left %q", d.Err, d.Rest)
	}
	d = Decoder{Rest: []byte(strings.TrimPrefix(second, "second "))}
	got := []any{d.Word(), d.Word(), d.Int(), d.Uint(), d.Bool(), d.Bool()}
	if want := []any{"", "word", int64(-1 << 63), uint64(1<<64 - 1), true, false}; !reflect.DeepEqual(got, want) || d.Err != nil {
		t.Errorf("%v, %v; want %v", got, d.Err, want)
	}
}

// TestMistakes: after the first mistake there are no words any more, and the first is the one that is told.
func TestMistakes(t *testing.T) {
	for _, tt := range []struct {
		text string
		read func(*Decoder)
		want string
	}{
		{"", func(d *Decoder) { d.Word() }, "a line is too short"},
		{"", func(d *Decoder) { d.Text() }, "want text in quotes at"},
		{"one", func(d *Decoder) { d.Word(); d.Int() }, "a line is too short"},
		{"bare", func(d *Decoder) { d.Text() }, `want text in quotes at "bare"`},
		{`"open`, func(d *Decoder) { d.Text() }, `want text in quotes at "\"open"`},
		{"1x", func(d *Decoder) { d.Int() }, `parsing "1x": invalid syntax`},
		{"-1", func(d *Decoder) { d.Uint() }, `parsing "-1": invalid syntax`},
		{"yes", func(d *Decoder) { d.Bool() }, `parsing "yes": invalid syntax`},
		{"192.0.2.1", func(d *Decoder) { d.AddrPort() }, "not an ip:port"},
		{"x y", func(d *Decoder) { d.Int(); d.Bool() }, `ParseInt: parsing "x"`},
	} {
		d := Decoder{Rest: []byte(tt.text)}
		tt.read(&d)
		if d.Err == nil || !strings.Contains(d.Err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, d.Err, tt.want)
		}
		if d.More() || d.Word() != "" || d.Text() != "" || d.Int() != 0 || d.Uint() != 0 || d.Bool() || !d.Time().IsZero() || d.AddrPort().IsValid() {
			t.Errorf("%q: there are words after a mistake", tt.text)
		}
	}
}

// FuzzText: the short way through a text, and the way of package strconv, read the same.
func FuzzText(f *testing.F) {
	for _, s := range []string{`"a" rest`, `"a\"b"`, `"\xff"`, `""`, "\"\xff\"", `'x'`, "`x`"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := Decoder{Rest: text}
		s := d.Text()
		if d.Err != nil {
			return
		}
		var e Encoder
		e.Text(s)
		again := Decoder{Rest: []byte(strings.TrimPrefix(string(e.B), " "))}
		if got := again.Text(); got != s || again.Err != nil || len(again.Rest) != 0 {
			t.Errorf("%q is %q, and again %q, %v", text, s, got, again.Err)
		}
	})
}
