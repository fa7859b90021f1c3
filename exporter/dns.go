package exporter

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/nftcount"
)

// Traffic is what was counted from packets. *capture.Capture is one.
type Traffic interface {
	Read() capture.Report
}

// dnsView is the DNS traffic as one reading has it.
type dnsView struct {
	capture.Report
	coverage map[netip.AddrPort]float64 // of virtual servers of which enough is known
	drops    []socketDrops
}

// dnsReader reads the counters, and holds them against those of IPVS, or on a real server against those of nftables.
type dnsReader struct {
	traffic Traffic
	view    *shared[view]
	rules   *shared[[]nftcount.Counter] // nil: nftables are not read
	now     func() time.Time
	cover   coverage
	sockets socketReader
}

func (r *dnsReader) read(ctx context.Context) (*dnsView, error) {
	// IPVS first: what comes between the two readings then makes the coverage too good, not a false alarm.
	table := r.view.get(ctx).value
	var counters *[]nftcount.Counter
	if r.rules != nil {
		counters = r.rules.get(ctx).value
	}
	v := &dnsView{Report: r.traffic.Read()}
	var expected map[netip.AddrPort]uint64
	switch {
	case v.Role == dnscount.RealServer && counters != nil:
		expected = nftQueries(*counters, "udp", "tcp")
	case v.Role == dnscount.Director && table != nil && !table.limited:
		expected = packetsOf(&table.table)
	}
	if expected != nil {
		v.coverage = r.cover.update(r.now(), expected, seenOf(v.Services))
		for _, share := range v.coverage {
			if share < blindShare && !slices.Contains(v.Blind, capture.WrongInterface) {
				v.Blind = append(v.Blind, capture.WrongInterface)
			}
		}
	}
	if table != nil && slices.ContainsFunc(table.table.Entries, func(e ipvs.TableEntry) bool { return e.Service.FWMark != 0 }) {
		v.Blind = append(v.Blind, capture.Marks)
	}
	var err error
	v.drops, err = r.sockets.read()
	if v.Err != nil {
		return v, errors.Join(fmt.Errorf("capture: %w", v.Err), err)
	}
	if slices.Contains(v.Blind, capture.NotListening) {
		return v, errors.Join(errors.New("capture: no network card is listened on"), err)
	}
	return v, err
}

// packetsOf is what IPVS counts, UDP and TCP together.
func packetsOf(table *ipvs.Table) map[netip.AddrPort]uint64 {
	all := map[netip.AddrPort]uint64{}
	for i := range table.Entries {
		if s := &table.Entries[i].Service; s.FWMark == 0 && !table.Entries[i].Gone {
			all[netip.AddrPortFrom(s.Addr, s.Port)] += s.Stats.InPackets
		}
	}
	return all
}

func seenOf(services []dnscount.ServiceReport) map[netip.AddrPort]uint64 {
	all := map[netip.AddrPort]uint64{}
	for i := range services {
		all[services[i].At] = services[i].Counts.Seen[dnscount.UDP] + services[i].Counts.Seen[dnscount.TCP]
	}
	return all
}

// coverage compares two counters of the same packets over one to two minutes.
type coverage struct {
	old, recent snapshot
}

type snapshot struct {
	at       time.Time
	expected map[netip.AddrPort]uint64
	seen     map[netip.AddrPort]uint64
}

const (
	coverageWindow = time.Minute
	// coverageLeast is how many packets say something: the two counters are not read at the same moment.
	coverageLeast = 100
	// blindShare is a coverage that loss does not explain.
	blindShare = 0.1
)

// update returns the share of packets that was seen, of the virtual servers that had enough of them.
func (c *coverage) update(now time.Time, expected, seen map[netip.AddrPort]uint64) map[netip.AddrPort]float64 {
	latest := snapshot{now, expected, seen}
	if c.recent.at.IsZero() {
		c.old, c.recent = latest, latest
	}
	if now.Sub(c.recent.at) >= coverageWindow {
		c.old, c.recent = c.recent, latest
	}
	shares := map[netip.AddrPort]float64{}
	for at, n := range expected {
		base, known := c.old.expected[at]
		baseSeen, knownSeen := c.old.seen[at]
		if !known || !knownSeen || n < base || seen[at] < baseSeen {
			// New, or begun anew: count from here.
			c.old.expected[at], c.old.seen[at] = n, seen[at]
			c.recent.expected[at], c.recent.seen[at] = n, seen[at]
			continue
		}
		if n-base >= coverageLeast {
			shares[at] = float64(seen[at]-baseSeen) / float64(n-base)
		}
	}
	return shares
}

// Table is the IPVS table as the exporter read it last, for those who must know the virtual servers.
func (e *Exporter) Table(ctx context.Context) (ipvs.Table, error) {
	r := e.view.get(ctx)
	if r.value == nil {
		return ipvs.Table{}, r.err
	}
	return r.value.table, nil
}
