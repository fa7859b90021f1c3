package notify

import (
	"net/netip"
	"testing"
)

// TestVirtual writes names as keepalived's FIFO has them: they are compared with what it says.
func TestVirtual(t *testing.T) {
	for want, v := range map[string]Virtual{
		"[192.0.2.53]:udp:53":       {Addr: netip.MustParseAddrPort("192.0.2.53:53"), Proto: "udp"},
		"[2001:db8::53]:tcp:53":     {Addr: netip.MustParseAddrPort("[2001:db8::53]:53"), Proto: "tcp"},
		"FWM 7":                     {Mark: 7},
		"FWM 4294967295":            {Mark: 1<<32 - 1},
		"[my group]:53":             {Group: "my group", Port: 53},
		"[::ffff:192.0.2.1]:sctp:1": {Addr: netip.MustParseAddrPort("[::ffff:192.0.2.1]:1"), Proto: "sctp"},
	} {
		if got := v.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
