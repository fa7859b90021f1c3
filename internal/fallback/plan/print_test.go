package plan_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
)

// TestJSON: the keys are an interface.
func TestJSON(t *testing.T) {
	c := load(t, conf)
	k := programmed(t, c)
	k.Entries[0].Destinations[0].Weight = 77
	d := k.Entries[0].Destinations[1]
	d.Port = 5353
	k.Entries[0].Destinations = append(k.Entries[0].Destinations, d)
	var out bytes.Buffer
	if err := plan.Make(input(t, c, k)).WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Differs bool
		Steps   []map[string]any
		Kept    []map[string]any
		Blocked []map[string]any
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || !got.Differs || len(got.Steps) != 1 || len(got.Kept) != 1 || got.Blocked == nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for key, want := range map[string]any{
		"action": "set_real_server", "vip": "192.0.2.1", "vport": "53", "proto": "udp", "fwmark": "", "family": "ipv4", "rip": "198.51.100.21", "rport": "53",
		"forward_method": "dr", "weight": 10.0, "file": "/k.conf", "line": 6.0,
		"text": "set real server udp 192.0.2.1:53 198.51.100.21:53 dr weight 10: the kernel has weight 77 (/k.conf:6)",
	} {
		if got.Steps[0][key] != want {
			t.Errorf("%s: %v, want %v", key, got.Steps[0][key], want)
		}
	}
	if got.Kept[0]["rport"] != "5353" {
		t.Errorf("kept: %v", got.Kept)
	}
}
