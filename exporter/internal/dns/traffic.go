package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/nftcount"
)

// Traffic is what was counted from packets. *capture.Capture is one.
type Traffic interface {
	Read() capture.Report
}

// TrafficView is the DNS traffic as one reading has it.
type TrafficView struct {
	capture.Report
	coverage map[netip.AddrPort]float64 // of virtual servers of which enough is known
	drops    []socketDrops
}

// TrafficReader reads the counters, and holds them against those of IPVS, or on a real server against those of nftables.
type TrafficReader struct {
	Traffic Traffic
	View    *source.Shared[servers.View]
	Rules   *source.Shared[[]nftcount.Counter] // nil: nftables are not read
	Now     func() time.Time
	cover   coverage
	Sockets Sockets
}

// ShareTraffic shares the counters of packets; nil if nobody captures any.
func ShareTraffic(t source.Times, r TrafficReader) *source.Shared[TrafficView] {
	if r.Traffic == nil {
		return nil
	}
	return source.Share(t, r.read)
}

func (r *TrafficReader) read(ctx context.Context) (*TrafficView, error) {
	// IPVS first: what comes between the two readings then makes the coverage too good, not a false alarm.
	table := r.View.Get(ctx).Value
	counters := r.Rules.Get(ctx).Value
	v := &TrafficView{Report: r.Traffic.Read()}
	var expected map[netip.AddrPort]uint64
	switch {
	case v.Role == dnscount.RealServer && counters != nil:
		expected = nftQueries(*counters, "udp", "tcp")
	case v.Role == dnscount.Director && table != nil && !table.Limited:
		expected = packetsOf(&table.Table)
	}
	if expected != nil {
		v.coverage = r.cover.update(r.Now(), expected, seenOf(v.Services))
		for _, share := range v.coverage {
			if share < blindShare && !slices.Contains(v.Blind, capture.WrongInterface) {
				v.Blind = append(v.Blind, capture.WrongInterface)
			}
		}
	}
	if table != nil && slices.ContainsFunc(table.Table.Entries, func(e ipvs.TableEntry) bool { return e.Service.FWMark != 0 }) {
		v.Blind = append(v.Blind, capture.Marks)
	}
	var err error
	v.drops, err = r.Sockets.read()
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
