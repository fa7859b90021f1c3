package kernelact

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/notify/act"
)

// kernel is one in memory.
type kernel struct {
	table   ipvs.Table
	daemons []ipvs.Daemon
	err     error
	silent  bool // a daemon is stopped without an answer
	stuck   bool // and not even stopped
}

func (k *kernel) Snapshot(context.Context) (ipvs.Table, error)   { return k.table, k.err }
func (k *kernel) Daemons(context.Context) ([]ipvs.Daemon, error) { return k.daemons, k.err }

func (k *kernel) NewDaemon(_ context.Context, d ipvs.Daemon) error {
	k.daemons = append(k.daemons, d)
	return k.err
}

func (k *kernel) DeleteDaemon(ctx context.Context, r ipvs.DaemonRole) (bool, error) {
	var left []ipvs.Daemon
	for _, d := range k.daemons {
		if d.Role != r || k.stuck {
			left = append(left, d)
		}
	}
	k.daemons = left
	if k.silent {
		<-ctx.Done()
		return false, ctx.Err()
	}
	return true, nil
}

func TestServices(t *testing.T) {
	at := func(p ipvs.Protocol, s string, weights ...uint32) ipvs.TableEntry {
		e := ipvs.TableEntry{Service: ipvs.Service{ServiceKey: ipvs.At(p, netip.MustParseAddrPort(s))}}
		for _, w := range weights {
			e.Destinations = append(e.Destinations, ipvs.Destination{Weight: w})
		}
		return e
	}
	gone := at(ipvs.UDP, "192.0.2.3:53", 1)
	gone.Gone = true
	entries := []ipvs.TableEntry{
		at(ipvs.UDP, "192.0.2.1:53", 1, 0, 2), at(ipvs.TCP, "[2001:db8::1]:53", 0), gone,
		{Service: ipvs.Service{ServiceKey: ipvs.Mark(ipvs.IPv4, 7)}},
	}
	for _, tt := range []struct {
		name string
		k    kernel
		want string
	}{
		{"a table", kernel{table: ipvs.Table{Entries: entries}}, "[{192.0.2.1:53 udp 2} {[2001:db8::1]:53 tcp 0}] <nil>"},
		{"no IPVS", kernel{err: fmt.Errorf("ipvs: %w", ipvs.ErrAbsent)}, "[] <nil>"},
		{"it does not answer", kernel{err: errors.New("refused")}, "[] refused"},
	} {
		all, err := Table{&tt.k}.Services(t.Context())
		if got := fmt.Sprint(all, " ", err); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestDaemons(t *testing.T) {
	sends := ipvs.Daemon{Role: ipvs.Master, Interface: "eth0", SyncID: 7}
	receives := ipvs.Daemon{Role: ipvs.Backup, Interface: "eth1", SyncID: 8}
	for _, tt := range []struct {
		name string
		k    kernel
		left int
		err  string
	}{
		{"it answers", kernel{daemons: []ipvs.Daemon{sends, receives}}, 1, ""},
		{"it has not run yet, and goes without an answer", kernel{daemons: []ipvs.Daemon{sends, receives}, silent: true}, 1, ""},
		{"it stays", kernel{daemons: []ipvs.Daemon{sends, receives}, silent: true, stuck: true}, 2, "deadline exceeded"},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := Daemons{&tt.k}.Stop(ctx, act.Sends)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) || len(tt.k.daemons) != tt.left {
				t.Errorf("%s: %v, %v", tt.name, err, tt.k.daemons)
			}
		})
	}
	k := &kernel{}
	asked := act.SyncDaemon{Role: act.Receives, Interface: "eth1", ID: 8}
	if err := (Daemons{k}).Start(t.Context(), asked); err != nil || k.daemons[0] != receives {
		t.Errorf("%v %+v", err, k.daemons)
	}
	k.daemons = append(k.daemons, sends)
	if all, err := (Daemons{k}).List(t.Context()); err != nil || len(all) != 2 || all[0] != asked || all[1].Role != act.Sends {
		t.Errorf("%v %+v", err, all)
	}
}

// flows has flows to two virtual servers. One of them ends before it is deleted.
type flows struct {
	all     []conntrack.Flow
	deleted []conntrack.Flow
	err     error
}

func (f *flows) Flows(_ context.Context, s *conntrack.Services, each func(conntrack.Flow) error) error {
	for _, x := range f.all {
		if _, wanted := s.Find(x.At); wanted {
			if err := each(x); err != nil {
				return err
			}
		}
	}
	return f.err
}

func (f *flows) Delete(_ context.Context, all []conntrack.Flow) (deleted, gone int, err error) {
	f.deleted = all
	return len(all) - 1, 1, nil
}

func TestFlows(t *testing.T) {
	one, other := netip.MustParseAddrPort("192.0.2.1:53"), netip.MustParseAddrPort("192.0.2.2:53")
	f := &flows{all: []conntrack.Flow{{At: one}, {At: other}, {At: one}}}
	if n, err := (Flows{f}).Delete(t.Context(), one); n != 1 || err != nil || len(f.deleted) != 2 {
		t.Errorf("%d, %v, %v", n, err, f.deleted)
	}
	f.deleted = nil
	if n, err := (Flows{f}).Delete(t.Context(), netip.MustParseAddrPort("192.0.2.9:53")); n != 0 || err != nil || f.deleted != nil {
		t.Errorf("of nobody: %d, %v, %v", n, err, f.deleted)
	}
	f.err = errors.New("refused")
	if n, err := (Flows{f}).Delete(t.Context(), one); n != 0 || !errors.Is(err, f.err) || f.deleted != nil {
		t.Errorf("half a table: %d, %v, %v", n, err, f.deleted)
	}
}
