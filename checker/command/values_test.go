package command

import (
	"strings"
	"testing"
)

func TestParseHeaderFlags(t *testing.T) {
	for typed, want := range map[string]string{
		"aa": "aa", "AA,ra": "aa ra", " ra , aa ": "aa ra", "cd,ad,ra,rd,aa": "aa rd ra ad cd", "aa,aa": "aa",
	} {
		set, err := parseHeaderFlags(typed)
		if got := strings.Join(set.Names(), " "); err != nil || got != want {
			t.Errorf("parseHeaderFlags(%q) = %s, %v; want %s", typed, got, err, want)
		}
	}
	for typed, bad := range map[string]string{"": "", "aa,": "", "aa ra": "aa ra", "do": "do", "tc": "tc", "aa,qr": "qr"} {
		want := `"` + bad + `" is no header flag; use aa, ra, ad, rd or cd`
		if set, err := parseHeaderFlags(typed); err == nil || err.Error() != want {
			t.Errorf("parseHeaderFlags(%q) = %v, %v; want %s", typed, set.Names(), err, want)
		}
	}
}

func TestParseTransport(t *testing.T) {
	for name, port := range map[string]uint16{"udp": 53, "tcp": 53, "both": 53, "tls": 853, "https": 443} {
		tr, err := parseTransport(name)
		if err != nil || tr.String() != name || tr.Port() != port || tr.Encrypted() != (port != 53) {
			t.Errorf("parseTransport(%q) = %s port %d, %v", name, tr, tr.Port(), err)
		}
	}
	for _, name := range []string{"", "UDP", "dot", "quic"} {
		want := `"` + name + `" is no transport; use udp, tcp, both, tls or https`
		if tr, err := parseTransport(name); err == nil || err.Error() != want {
			t.Errorf("parseTransport(%q) = %s, %v; want %s", name, tr, err, want)
		}
	}
}
