package ipvs

import (
	"net/netip"
	"slices"
	"testing"
)

func TestLabels(t *testing.T) {
	for _, tt := range []struct {
		name string
		key  ServiceKey
		want []string
	}{
		{"an address", At(UDP, netip.MustParseAddrPort("192.0.2.1:53")), []string{"192.0.2.1", "53", "udp", "", "ipv4"}},
		{"all ports", At(TCP, netip.MustParseAddrPort("[2001:db8::1]:0")), []string{"2001:db8::1", "0", "tcp", "", "ipv6"}},
		{"a firewall mark", Mark(IPv6, 7), []string{"", "", "fwm", "7", "ipv6"}},
		{"a firewall mark of which nobody knows the family", Mark(0, 7), []string{"", "", "fwm", "7", ""}},
		{"of no service", ServiceKey{Family: IPv4, Protocol: UDP}, []string{"", "", "udp", "", "ipv4"}},
	} {
		if got := tt.key.Labels(); !slices.Equal(got, tt.want) || len(got) != len(LabelNames()) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
