package host

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const udpText = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             
  319: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 4711 2 0000000000000000 12        
  320: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 4712 2 0000000000000000 3         
12345: 0100007F:C350 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 4713 2 0000000000000000 99        
`

const udp6Text = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  319: B80D0120000000000000000053000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 4714 2 0000000000000000 0
`

func TestUDPSockets(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "proc/net")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"udp": udpText, "udp6": udp6Text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := netip.MustParseAddrPort
	got, err := UDPSockets(root, []uint16{53})
	// The file is of a machine that puts the lowest byte first, as all that Debian builds for but s390x.
	want := []UDPSocket{{at("127.0.0.1:53"), 4711, 12}, {at("0.0.0.0:53"), 4712, 3}, {at("[2001:db8::53]:53"), 4714, 0}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("UDPSockets = %v, %v, want %v", got, err, want)
	}
	if err := os.Remove(filepath.Join(dir, "udp6")); err != nil {
		t.Fatal(err)
	}
	if got, err := UDPSockets(root, []uint16{53}); err != nil || len(got) != 2 {
		t.Errorf("without IPv6: %v, %v", got, err)
	}
	if _, err := UDPSockets(t.TempDir(), nil); err == nil {
		t.Error("no file is no error")
	}
}

func TestParseUDPBroken(t *testing.T) {
	for _, line := range []string{
		"  319: ", "  319: 0100007F", "  319: 0100007F:XX 0", "  319: 0100007F:0035 0",
		"  319: 01007F:0035" + strings.Repeat(" 0", 12), "  319: 0100007F:0035" + strings.Repeat(" x", 12),
	} {
		if got, err := parseUDP(strings.NewReader("names\n"+line+"\n"), []uint16{53}); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v, %v", line, got, err)
		}
	}
}

// TestUDPDrops: a name server has several sockets on one address, and is restarted.
func TestUDPDrops(t *testing.T) {
	a, b := netip.MustParseAddrPort("192.0.2.1:53"), netip.MustParseAddrPort("192.0.2.2:53")
	var d UDPDrops
	for i, step := range []struct {
		sockets []UDPSocket
		a, b    uint64
	}{
		{[]UDPSocket{{a, 1, 5}, {a, 2, 7}, {b, 3, 0}}, 12, 0},
		{[]UDPSocket{{a, 1, 6}, {a, 2, 7}, {b, 3, 2}}, 13, 2},
		{nil, 13, 2},
		{[]UDPSocket{{a, 4, 1}}, 14, 2},
		{[]UDPSocket{{b, 4, 1}}, 14, 3}, // the number is another socket's now
	} {
		got := d.Add(step.sockets)
		if got[a] != step.a || got[b] != step.b {
			t.Errorf("step %d: %v, want %d and %d", i, got, step.a, step.b)
		}
	}
}
