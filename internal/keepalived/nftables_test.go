package keepalived_test

import (
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestNFTables: the name of the table may be as long as the kernel takes it (NFT_TABLE_MAXNAMELEN, with its zero), as keepalived 2.2.7
// says too.
func TestNFTables(t *testing.T) {
	for n, taken := range map[int]bool{1: true, 31: true, 32: true, 255: true, 256: false} {
		name := strings.Repeat("a", n)
		cfg := load(t, "global_defs {\n nftables_ipvs "+name+"\n}\n")
		if got := cfg.Global.NFTables.V.Table == name; got != taken {
			t.Errorf("a name of %d letters is %q", n, cfg.Global.NFTables.V.Table)
		}
		if said := has(cfg, keepalived.Ignored, ":2", "too long"); said == taken {
			t.Errorf("a name of %d letters: %v", n, cfg.Notes)
		}
	}
	for text, want := range map[string]keepalived.NFTables{
		"nftables_ipvs":                                              {Table: "keepalived_ipvs", Priority: -1},
		"nftables_ipvs a\n nftables_ipvs b":                          {Table: "a", Priority: -1}, // the first one stays
		"nftables_ipvs a\n nftables_ipvs_priority 7":                 {Table: "a", Priority: 7},
		"nftables_ipvs a\n nftables_ipvs_priority -100":              {Table: "a", Priority: -100},
		"nftables_ipvs a\n nftables_ipvs_priority low":               {Table: "a", Priority: -1},
		"nftables_ipvs a\n nftables_ipvs_priority":                   {Table: "a", Priority: -1},
		"nftables_ipvs a\n nftables_ipvs_priority 99999999999999999": {Table: "a", Priority: -1},
	} {
		if got := load(t, "global_defs {\n "+text+"\n}\n").Global.NFTables.V; got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}
