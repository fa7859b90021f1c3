package top

import (
	"strings"
	"testing"
)

// wired is a name as messages have it.
func wired(name string) []byte {
	var b []byte
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if label != "" {
			b = append(append(b, byte(len(label))), label...)
		}
	}
	return append(b, 0)
}

func TestZone(t *testing.T) {
	for name, want := range map[string]string{
		".": ".", "com.": "com.", "example.com.": "example.com.", "www.example.com.": "example.com.", "a.b.c.d.example.org.": "example.org.",
		"WWW.Example.COM.": "example.com.", "example.co.uk.": "example.co.uk.", "a.b.example.co.uk.": "example.co.uk.", "co.uk.": "co.uk.",
		"www.example.de.": "example.de.", "a.com.example.net.": "example.net.", "a.b.com.": "b.com.",
		"5.2.0.192.in-addr.arpa.": "2.0.192.in-addr.arpa.", "2.0.192.in-addr.arpa.": "2.0.192.in-addr.arpa.",
		"arpa.": "arpa.", "x.y.e164.arpa.": "e164.arpa.",
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.": "5.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
		"_sip._udp.example.com.": "example.com.",
	} {
		var w wire
		if !w.read(wired(name)) {
			t.Errorf("%s is no name", name)
		} else if got := text(w.zone()); got != want {
			t.Errorf("the zone of %s is %s, want %s", name, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	label := strings.Repeat("x", 63) + "."
	long := wired(strings.Repeat(label, 3) + strings.Repeat("y", 61)) // 255 octets
	var w wire
	if !w.read(long) || len(w.name) != 255 || w.labels != 4 {
		t.Errorf("the longest name: %d octets", len(w.name))
	}
	if !w.read(wired(strings.Repeat("a.", 127))) || w.labels != 127 {
		t.Errorf("the name with the most labels has %d", w.labels)
	}
	for what, b := range map[string][]byte{
		"nothing": nil, "cut in a label": {3, 'a'}, "no end": {1, 'a'}, "a pointer": {1, 'a', 0xc0, 12},
		"a label that is too long": append([]byte{64}, make([]byte, 70)...),
		"a name that is too long":  wired(strings.Repeat(label, 3) + strings.Repeat("y", 62)),
		"labels without end":       wired(strings.Repeat("a.", 128)),
	} {
		if w.read(b) {
			t.Errorf("%s is read as %s", what, text(w.name))
		}
	}
	w.read([]byte("\x04a.b\\\x03\x00\x7f \x01\"\x00"))
	if got, want := text(w.name), `a\.b\\.\000\127\032.".`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
