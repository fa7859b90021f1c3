package daemon

import "testing"

func TestOffline(t *testing.T) {
	for text, want := range map[string]bool{
		"IPAddressAllow=\nIPAddressDeny=::/0 0.0.0.0/0\n":         true,
		"IPAddressAllow=192.0.2.10/32\nIPAddressDeny=0.0.0.0/0\n": false,
		"IPAddressAllow=\nIPAddressDeny=\n":                       false,
		"IPAddressAllow=\nIPAddressDeny=192.0.2.10/32\n":          false,
		"": false,
	} {
		if got := denied(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"0::/system.slice/lvsdns-notify-fifo.service\n": "lvsdns-notify-fifo.service",
		"1:name=systemd:/x\n0::/a b/c.service\n":        "c.service",
		"0::/user.slice/session-1.scope\n":              "",
		"0::/\n":                                        "",
		"":                                              "",
	} {
		if got := unitIn(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if new(Daemon).Offline(t.Context()) {
		t.Error("without systemd it is offline")
	}
}
