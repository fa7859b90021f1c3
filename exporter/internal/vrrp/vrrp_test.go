package vrrp

import (
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/vrrp"
	"github.com/lvsdns/lvsdns/internal/vrrp/vrrptest"
	"github.com/lvsdns/lvsdns/notify"
)

// load reads a keepalived.conf.
func load(text string) (*keepalived.Config, error) {
	return keepalived.Load("k", keepalived.Options{FS: fstest.MapFS{"k": {Data: []byte(text)}}})
}

// TestStates: instances and groups are in the state that lvsdns-notify has them in.
func TestStates(t *testing.T) {
	for _, row := range vrrptest.Rows() {
		t.Run(row.Name, func(t *testing.T) {
			cfg, err := load(row.Conf)
			if err != nil {
				t.Fatal(err)
			}
			var addresses []host.Address
			for _, h := range row.Held() {
				addresses = append(addresses, host.Address{Interface: h.Interface, Addr: h.Addr})
			}
			noted := &notify.Document{}
			for _, e := range row.Said() {
				noted.Add(e)
			}
			var got []string
			for _, v := range vrrpOf(cfg, addresses, noted) {
				got = append(got, vrrptest.Line(v.Name, v.State, v.Mismatch))
				if heard(v) != (v.Said != "") {
					t.Errorf("%+v: its transitions are shown: %t", v, heard(v))
				}
			}
			if strings.Join(got, ", ") != row.Want {
				t.Errorf("%s, want %s", got, row.Want)
			}
			if len(noted.Records) != len(subjects(row.Said())) {
				t.Error("the journal itself was settled")
			}
		})
	}
}

func subjects(all []notify.Event) map[notify.Subject]bool {
	found := map[notify.Subject]bool{}
	for _, e := range all {
		found[e.Subject] = true
	}
	return found
}

// TestUnreadable: where keepalived.conf can't be read, what lvsdns-notify has read of it counts.
func TestUnreadable(t *testing.T) {
	cfg, err := load(vrrptest.Instance("A", "", "192.0.2.1/32"))
	if err != nil {
		t.Fatal(err)
	}
	addresses := []host.Address{{Interface: "eth0", Addr: netip.MustParseAddr("192.0.2.1")}}
	for _, tt := range []struct {
		conf     *notify.Configured
		want     notify.State
		mismatch bool
	}{{nil, notify.Backup, false}, {vrrp.Configured(cfg), notify.Master, true}} {
		noted := &notify.Document{Configured: tt.conf}
		noted.Add(notify.Event{Subject: notify.Subject{Kind: notify.Instance, Name: "A"}, State: notify.Backup})
		noted.Add(notify.Event{Subject: notify.Subject{Kind: notify.Host}, State: notify.Backup})
		got := vrrpOf(nil, addresses, noted)
		if len(got) != 1 || got[0].State != tt.want || got[0].Mismatch != tt.mismatch || len(got[0].Addresses) != 0 {
			t.Errorf("%+v, want %s", got, tt.want)
		}
	}
	if got := vrrpOf(nil, addresses, nil); got != nil {
		t.Error(got)
	}
}
