package dns

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// TestSocketAddresses: a host with many addresses has eight series and one for the rest, and an address keeps its own.
func TestSocketAddresses(t *testing.T) {
	root := t.TempDir()
	r := Sockets{Root: root, Ports: []uint16{53}}
	write := func(count int) {
		text := "names\n"
		for i := range count {
			text += fmt.Sprintf("  1: %02X00000A:0035 00000000:0000 07 0:0 00:0 0 0 0 %d 2 0 1\n", 100-i, i)
		}
		if err := os.MkdirAll(root+"/proc/net", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(root+"/proc/net/udp", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(8)
	before, err := r.read()
	if err != nil || len(before) != 8 {
		t.Fatal(before, err)
	}
	write(20)
	after, err := r.read()
	if err != nil || len(after) != 9 || !slices.Equal(before, after[:8]) || after[8] != (socketDrops{n: 12}) {
		t.Errorf("%v, %v", after, err)
	}
}
