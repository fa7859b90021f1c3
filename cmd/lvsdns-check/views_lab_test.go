//go:build lab

package main_test

import (
	"os"
	"testing"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestViews tells two views of a server apart by each way that lvsdns-check has
// to be somebody. BIND 9.18 matches views by source and by key; by EDNS client
// subnet it no longer can, so PowerDNS Recursor does that.
func TestViews(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lan := lab.LAN("lan", "192.168.1.0/24")
	director := lab.Director("director", lan.At("192.168.1.11", "192.168.1.12"))
	key := labtest.Key{Name: "inside", Algorithm: "hmac-sha256", Secret: "bHZzZG5zLWxhYi1rZXktZm9yLWluc2lkZS12aWV3Lg=="}
	const bind, recursor = "192.168.1.21", "192.168.1.22"
	lab.RealServer("dns1", lan.At(bind)).NameServerWith(labtest.Config{
		Software: labtest.BIND, Split: labtest.Split{Source: "192.168.1.12/32", Key: key},
	})
	lab.RealServer("dns2", lan.At(recursor)).NameServerWith(labtest.Config{
		Software: labtest.Recursor, Split: labtest.Split{Subnet: "203.0.113.0/24"},
	})
	keyFile := t.TempDir() + "/inside.key"
	if err := os.WriteFile(keyFile, []byte(key.Secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrongFile := t.TempDir() + "/wrong.key"
	if err := os.WriteFile(wrongFile, []byte("d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmc=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, server, view, outcome string
		how                         []string
	}{
		{"source outside", bind, "outside", "pass", []string{"--source", "192.168.1.11"}},
		{"source outside wants inside", bind, "inside", "mismatch", []string{"--source", "192.168.1.11"}},
		{"source inside", bind, "inside", "pass", []string{"--source", "192.168.1.12"}},
		{"source inside over tcp", bind, "inside", "pass", []string{"--source", "192.168.1.12", "--transport", "tcp"}},
		{"key", bind, "inside", "pass", []string{"--source", "192.168.1.11", "--tsig", "inside:hmac-sha256:" + keyFile}},
		{"key over both", bind, "inside", "pass", []string{"--source", "192.168.1.11", "--transport", "both", "--tsig", "inside:hmac-sha256:" + keyFile}},
		{"wrong secret", bind, "inside", "tsig", []string{"--source", "192.168.1.11", "--tsig", "inside:hmac-sha256:" + wrongFile}},
		{"no subnet", recursor, "outside", "pass", nil},
		{"subnet inside", recursor, "inside", "pass", []string{"--subnet", "203.0.113.0/24"}},
		{"subnet outside", recursor, "outside", "pass", []string{"--subnet", "198.51.100.0/24"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"--name", labtest.ViewName, "--type", "TXT", "--answer", `TXT "` + tt.view + `"$`}, tt.how...)
			if got := check(t, director, append(args, tt.server)...); got.Outcome != tt.outcome {
				t.Errorf("outcome %s (%s), want %s", got.Outcome, got.Reason, tt.outcome)
			}
		})
	}
}
