package dnsview

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// TestFollower has a table that changes, that cannot be read, and a counter that refuses.
func TestFollower(t *testing.T) {
	var (
		table    ipvs.Table
		tableErr error
		hostErr  error
		refusal  error
		log      bytes.Buffer
		got      []dnscount.View
	)
	f := &Follower{
		Table:  func(context.Context) (ipvs.Table, error) { return table, tableErr },
		Update: func(v dnscount.View) error { got = append(got, v); return refusal },
		Log:    slog.New(slog.NewTextHandler(&log, nil)),
		around: func() (Surroundings, error) { return Surroundings{}, hostErr },
	}
	virtual := func(addr string) ipvs.TableEntry {
		return ipvs.TableEntry{Service: ipvs.Service{ServiceKey: ipvs.At(ipvs.UDP, netip.MustParseAddrPort(addr))}}
	}
	for _, step := range []struct {
		name     string
		change   func()
		updates  int // so far
		services int // of the last
		said     string
	}{
		{"a table", func() { table.Entries = []ipvs.TableEntry{virtual("192.0.2.1:53")} }, 1, 1, "counting DNS traffic"},
		{"the same", func() {}, 1, 1, ""},
		{"no table: they stay", func() { table, tableErr = ipvs.Table{}, errors.New("odd") }, 1, 1, ""},
		{"the host cannot be read", func() { hostErr = errors.New("odd host") }, 1, 1, "odd host"},
		{"one more", func() {
			table.Entries, tableErr, hostErr = []ipvs.TableEntry{virtual("192.0.2.1:53"), virtual("192.0.2.2:53")}, nil, nil
		}, 2, 2, "virtual_servers=2"},
		{"refused", func() { table.Entries, refusal = table.Entries[:1], errors.New("too many") }, 3, 1, "too many"},
		{"tried again", func() { refusal = nil }, 4, 1, "virtual_servers=1"},
	} {
		log.Reset()
		step.change()
		f.look(t.Context())
		said := strings.Contains(log.String(), step.said) && (step.said != "" || log.Len() == 0)
		if len(got) != step.updates || len(got[len(got)-1].Services) != step.services || !said {
			t.Errorf("%s: %d updates, the last %+v; said %q", step.name, len(got), got[len(got)-1], log.String())
		}
	}
}
