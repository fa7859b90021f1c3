package nftcount

import (
	"flag"
	"net/netip"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write packaging/nftables/lvsdns.nft")

// TestExample holds the file that ships against what is written for its addresses.
func TestExample(t *testing.T) {
	at := netip.MustParseAddrPort
	got := Ruleset([]Service{
		{at("[2001:db8::53]:53"), false}, {at("192.0.2.53:53"), false}, {at("198.51.100.53:53"), true}, {at("192.0.2.53:53"), false},
	})
	const file = "../../packaging/nftables/lvsdns.nft"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%s is not what Ruleset writes (%v): go test ./internal/nftcount -update\n%s", file, err, got)
	}
}

func TestName(t *testing.T) {
	for name, want := range map[string]string{
		"udp_query_192.0.2.53_53":       "192.0.2.53:53",
		"tcp_response_2001-db8--53_853": "[2001:db8::53]:853",
		"tcp_response_--1_53":           "[::1]:53",
	} {
		k, ok := ParseName(name)
		if !ok || k.At != netip.MustParseAddrPort(want) || k.Name() != name {
			t.Errorf("ParseName(%s) = %v, %t", name, k, ok)
		}
	}
	for _, name := range []string{
		"", "udp_query", "udp_query_192.0.2.53_53_1", "sctp_query_192.0.2.53_53", "udp_both_192.0.2.53_53",
		"udp_query_192.0.2.53_65536", "udp_query_192.0.2.53_053",
		"udp_query_2001-DB8--53_53", "udp_query_192.0.2_53", "udp_query_192.0.2.53_",
	} {
		if k, ok := ParseName(name); ok {
			t.Errorf("ParseName(%q) = %v", name, k)
		}
	}
}
