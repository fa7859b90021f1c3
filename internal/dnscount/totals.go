package dnscount

import (
	"net/netip"
	"slices"
)

// Report is a copy of all numbers.
type Report struct {
	Services []ServiceReport // sorted by address and port; Other comes last, if there is one
	Totals   Totals
}

// ServiceReport is the numbers of a virtual server of the view.
type ServiceReport struct {
	At     netip.AddrPort // zero: all services above MaxServices together
	Counts Counts
	// Bypassed says that responses, or some, go past this host, so that nothing can be said of them.
	Bypassed bool
	Servers  []ServerReport
}

// ServerReport is the numbers of a real server of the view.
type ServerReport struct {
	At netip.AddrPort // zero: all above MaxServers together
	ServerCounts
}

// Report copies the numbers of the services and real servers that the view has.
func (c *Counter) Report() Report {
	r := Report{Totals: c.totals}
	for i := range c.slots {
		s := &c.slots[i]
		if !s.present {
			continue
		}
		report := ServiceReport{At: s.at, Counts: s.counts, Bypassed: s.bypassed}
		for j := range s.servers {
			if d := &s.servers[j]; d.present {
				report.Servers = append(report.Servers, ServerReport{d.at, d.counts})
			}
		}
		slices.SortStableFunc(report.Servers, func(a, b ServerReport) int { return order(a.At, b.At) })
		r.Services = append(r.Services, report)
	}
	slices.SortStableFunc(r.Services, func(a, b ServiceReport) int { return order(a.At, b.At) })
	return r
}

// order puts the zero value last.
func order(a, b netip.AddrPort) int {
	if a.IsValid() != b.IsValid() {
		if a.IsValid() {
			return -1
		}
		return 1
	}
	return a.Compare(b)
}
