package act

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

var began = time.Unix(1767323000, 0)

// fakeTable is the kernel's table.
type fakeTable struct {
	services []Service
	err      error
}

func (t fakeTable) Services(context.Context) ([]Service, error) { return t.services, t.err }

// TestAgreementOfParts: a part has to be active where the addresses are, and only there. One that can't be asked is never as it should be.
func TestAgreementOfParts(t *testing.T) {
	service := func(a string, usable int) Service {
		return Service{Addr: netip.MustParseAddrPort(a), Proto: "udp", Usable: usable}
	}
	whole := fakeTable{services: []Service{service("192.0.2.53:53", 2), service("192.0.2.80:80", 1), service("192.0.2.99:53", 0)}}
	lame := fakeTable{services: []Service{service("192.0.2.53:53", 2), service("192.0.2.80:80", 0)}}
	sends, receives := &fakeDaemons{all: []SyncDaemon{{Role: Sends}}}, &fakeDaemons{all: []SyncDaemon{{Role: Receives}}}
	both := []string{"192.0.2.53", "192.0.2.80"}
	for _, tt := range []struct {
		name    string
		held    []string
		table   Table
		daemons SyncDaemons
		want    string
	}{
		{"all here", both, whole, sends, "owner agrees: instance VI_HTTP+ instance VI_DNS+ ipvs+ ipvs-sync+"},
		{"nothing here", nil, whole, receives, "agrees: instance VI_HTTP- instance VI_DNS- ipvs- ipvs-sync-"},
		{"nothing here, and no daemon", nil, fakeTable{}, &fakeDaemons{}, "agrees: instance VI_HTTP- instance VI_DNS- ipvs- ipvs-sync-"},
		{"no virtual server", both, fakeTable{}, nil, "owner: instance VI_HTTP+ instance VI_DNS+ ipvs-"},
		{"no usable real server at one address", both, lame, nil, "owner: instance VI_HTTP+ instance VI_DNS+ ipvs- (no real server of 192.0.2.80:80/udp is usable)"},
		{"the daemon receives", both, nil, receives, "owner: instance VI_HTTP+ instance VI_DNS+ ipvs-sync-"},
		{"the daemon sends, and the addresses are elsewhere", nil, nil, sends, "instance VI_HTTP- instance VI_DNS- ipvs-sync+"},
		{"one instance is here", []string{"192.0.2.80"}, nil, nil, "instance VI_HTTP+ instance VI_DNS-"},
		{"the table can't be read, owner", both, fakeTable{err: errors.New("no netlink")}, nil, "owner: instance VI_HTTP+ instance VI_DNS+ ipvs- (no netlink)"},
		{"the table can't be read, elsewhere", nil, fakeTable{err: errors.New("no netlink")}, nil, "instance VI_HTTP- instance VI_DNS- ipvs+ (no netlink)"},
		{"the daemons can't be asked", both, nil, &fakeDaemons{err: errors.New("no netlink")}, "owner: instance VI_HTTP+ instance VI_DNS+ ipvs-sync- (no netlink)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &notify.Document{Configured: configured()}
			var held []notify.Held
			for _, h := range tt.held {
				held = append(held, notify.Held{Addr: netip.MustParseAddr(h), Interface: "eth0"})
			}
			d.Settle(held, began)
			a := Agreement{Subject: vg, Table: tt.table, Daemons: tt.daemons}.Look(t.Context(), d, began)
			var words []string
			if a.Owner {
				words = append(words, "owner")
			}
			if a.Agrees {
				words = append(words, "agrees")
			}
			got := strings.Join(words, " ")
			for n, p := range a.Parts {
				if n == 0 && got != "" {
					got += ":"
				}
				got += " " + p.Name + map[bool]string{true: "+", false: "-"}[p.Active]
				if p.Detail != "" && p.Detail != "in reserve" && !strings.HasPrefix(p.Name, "instance ") {
					got += " (" + p.Detail + ")"
				}
			}
			if got = strings.TrimSpace(got); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
			if a.Subject != vg || !a.At.Equal(began) {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestAgreementOfInstance: an instance alone has no members, and its own addresses count.
func TestAgreementOfInstance(t *testing.T) {
	d := &notify.Document{Configured: configured()}
	d.Settle([]notify.Held{{Addr: netip.MustParseAddr("192.0.2.53"), Interface: "eth0"}}, began)
	table := fakeTable{services: []Service{{Addr: netip.MustParseAddrPort("192.0.2.53:53"), Usable: 1}, {Addr: netip.MustParseAddrPort("192.0.2.80:80")}}}
	if a := (Agreement{Subject: dns, Table: table}).Look(t.Context(), d, began); !a.Owner || !a.Agrees || len(a.Parts) != 1 {
		t.Errorf("%+v", a)
	}
	if a := (Agreement{Subject: notify.Subject{Kind: notify.Instance, Name: "none"}, Table: table}).Look(t.Context(), d, began); a.Owner || !a.Agrees {
		t.Errorf("of an instance that there is not: %+v", a)
	}
}

// TestAgreed: what is as it was is not written again, but for its time once a minute.
func TestAgreed(t *testing.T) {
	base := func() []notify.Agreement {
		return []notify.Agreement{
			{Subject: vg, Owner: true, Agrees: true, At: began, Parts: []notify.Part{{Name: "ipvs", Active: true}, {Name: "haproxy", Active: true}}},
			{Subject: dns, At: began},
		}
	}
	for name, change := range map[string]func([]notify.Agreement) []notify.Agreement{
		"another owner":      func(a []notify.Agreement) []notify.Agreement { a[0].Owner = false; return a },
		"no agreement":       func(a []notify.Agreement) []notify.Agreement { a[0].Agrees = false; return a },
		"another part":       func(a []notify.Agreement) []notify.Agreement { a[0].Parts[1].Active = false; return a },
		"another detail":     func(a []notify.Agreement) []notify.Agreement { a[0].Parts[0].Detail = "x"; return a },
		"fewer parts":        func(a []notify.Agreement) []notify.Agreement { a[0].Parts = a[0].Parts[:1]; return a },
		"another subject":    func(a []notify.Agreement) []notify.Agreement { a[1].Subject = vg; return a },
		"one is gone":        func(a []notify.Agreement) []notify.Agreement { return a[:1] },
		"more than a minute": func(a []notify.Agreement) []notify.Agreement { a[1].At = began.Add(61 * time.Second); return a },
	} {
		if agreed(change(base()), base()) {
			t.Errorf("%s is nothing new", name)
		}
	}
	later := base()
	later[0].At = began.Add(59 * time.Second)
	if !agreed(later, base()) || !agreed(nil, nil) || !agreed(nil, []notify.Agreement{}) {
		t.Error("what is as it was is news")
	}
}
