package flows

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// tracked is conntrack's table in memory.
type tracked struct {
	flows   []conntrack.Flow
	err     error
	refuses error
	deleted []conntrack.Flow
}

func (c *tracked) Flows(_ context.Context, s *conntrack.Services, each func(conntrack.Flow) error) error {
	for _, f := range c.flows {
		if n, found := s.Find(f.At); found {
			f.Target = s.Target(n, f.At, f.Server)
			if err := each(f); err != nil {
				return err
			}
		}
	}
	return c.err
}

func (c *tracked) Delete(_ context.Context, all []conntrack.Flow) (deleted, gone int, err error) {
	c.deleted = all
	if c.refuses != nil {
		return 0, 0, c.refuses
	}
	return len(all) - 1, 1, nil // one has ended meanwhile
}

func TestFind(t *testing.T) {
	const served, removed = "198.51.100.1:53", "198.51.100.9:53"
	flow := func(port uint16, vip, server string) conntrack.Flow {
		client := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), port)
		return conntrack.Flow{Client: client, At: at(vip), Server: at(server), Expires: time.Second}
	}
	all := []conntrack.Flow{
		flow(1, "192.0.2.1:53", served), flow(2, "192.0.2.1:53", removed),
		flow(3, "192.0.2.2:53", removed), flow(4, "192.0.2.2:53", removed), flow(5, "192.0.2.9:53", removed),
	}
	connections := []ipvs.Connection{{
		Protocol: ipvs.UDP, Client: at("10.0.0.1:2"), Virtual: at("192.0.2.1:53"), Destination: at(removed), Expires: time.Minute,
	}}
	table := ipvs.Table{Entries: []ipvs.TableEntry{
		entry(ipvs.At(ipvs.UDP, at("192.0.2.1:53")), 0, ipvs.DR), entry(ipvs.At(ipvs.UDP, at("192.0.2.2:53")), 0),
		entry(ipvs.At(ipvs.TCP, at("192.0.2.3:53")), 0),
	}}
	absent, refused := fmt.Errorf("ipvs: %w: %w", ipvs.ErrAbsent, fs.ErrNotExist), errors.New("refused")
	for _, tt := range []struct {
		name        string
		query       Query
		tableErr    error
		track       tracked
		connections error
		want        string // ports of clients
		bound       int    // still
		err         string
	}{
		{name: "all virtual servers", want: "2 3 4", bound: 4},
		{name: "one of them", query: Query{Names: []string{"192.0.2.2"}}, want: "3 4", bound: 2},
		{name: "two, one by its port", query: Query{Names: []string{"192.0.2.2", "192.0.2.1:53"}}, want: "2 3 4", bound: 4},
		{name: "one that is gone", query: Query{Names: []string{"192.0.2.9:53"}}, want: "5", bound: 1},
		{
			name: "one that is gone with IPVS", query: Query{Names: []string{"192.0.2.9:53"}},
			tableErr: absent, connections: absent, want: "5", bound: 1,
		},
		{name: "no IPVS", tableErr: absent, err: "no IPVS in this kernel"},
		{name: "the table is not read", query: Query{Names: []string{"192.0.2.9:53"}}, tableErr: refused, err: "refused"},
		{name: "no name of a virtual server", query: Query{Names: []string{"dns"}}, err: `"dns" is no virtual server`},
		{name: "one of TCP alone", query: Query{Names: []string{"192.0.2.3"}}, err: "no virtual server for UDP at 192.0.2.3"},
		{name: "no conntrack", track: tracked{err: conntrack.ErrAbsent}, want: "2 3 4", bound: 4},
		{name: "conntrack's table is not read", track: tracked{err: refused}, err: "refused"},
		{name: "IPVS's connections are not read", connections: refused, err: "read IPVS's connections: refused"},
		{name: "deleted", query: Query{Delete: true}, want: "2 3 4", bound: 1},
		{name: "deleted, as many as are listed", query: Query{Delete: true, Most: 2}, want: "2 3", bound: 2},
		{name: "not deleted", query: Query{Delete: true}, track: tracked{refuses: refused}, err: "refused (0 are deleted)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.query.Wants = func(to conntrack.Target) bool { return to == conntrack.Removed }
			if tt.query.Most == 0 {
				tt.query.Most = 10
			}
			tt.track.flows = all
			r, err := Find(t.Context(), tt.query, Tables{
				Table:     func(context.Context) (ipvs.Table, error) { return table, tt.tableErr },
				Conntrack: &tt.track,
				Connections: func(each func(ipvs.Connection) error) error {
					if tt.connections != nil {
						return tt.connections
					}
					for _, c := range connections {
						if err := each(c); err != nil {
							return err
						}
					}
					return nil
				},
			})
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("%v, want %q", err, tt.err)
			}
			if err != nil {
				return
			}
			var ports []string
			for _, h := range r.Held {
				ports = append(ports, fmt.Sprint(h.Client.Port()))
			}
			if got := strings.Join(ports, " "); got != tt.want || r.StillBound() != tt.bound {
				t.Errorf("%s, %d still bound; want %s, %d", got, r.StillBound(), tt.want, tt.bound)
			}
			all := len(tt.track.deleted) == len(r.Held) && r.Settings.DeletedConntrack == (r.Tally.Left == 0)
			if tt.query.Delete != r.Asked || r.Asked && !all {
				t.Errorf("%+v; deleted %v", r, tt.track.deleted)
			}
		})
	}
}
