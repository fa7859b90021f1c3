package hook

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/lvsdns/lvsdns/notify"
)

// TestAddresses compares with what package net knows of this host.
func TestAddresses(t *testing.T) {
	got, err := Addresses()
	if err != nil {
		t.Fatal(err)
	}
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		addrs, err := l.Addrs()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range addrs {
			p, err := netip.ParsePrefix(a.String())
			if err != nil {
				t.Fatal(err)
			}
			if want := (notify.Held{Addr: p.Addr(), Interface: l.Name}); !slices.Contains(got, want) {
				t.Errorf("%v is not in %v", want, got)
			}
		}
	}
	if len(got) == 0 {
		t.Error("no addresses at all")
	}
}
