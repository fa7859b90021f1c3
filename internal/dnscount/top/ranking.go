package top

import (
	"net/netip"
)

// Service is a virtual server as the caller knows it.
type Service struct {
	At       netip.AddrPort
	Bypassed bool // responses go past this host: nothing is known of them
}

// Report is what was asked in the last whole window and in the one that goes on.
type Report struct {
	Seconds  float64 // that it is about; 0: nothing came
	Services []ServiceReport
	Zones    []ZoneReport   // those with the most queries first
	Clients  []ClientReport // in the same way
}

// ServiceReport is about a virtual server.
type ServiceReport struct {
	At             netip.AddrPort
	Queries        uint64
	Names, Clients float64 // different ones: estimates with a standard error of 1.6 %
}

// ZoneReport is about the questions to a virtual server for names of a zone.
type ZoneReport struct {
	At      netip.AddrPort
	Zone    string  // as Options.ZoneForm says
	Queries uint64  // never too few
	Error   uint64  // by how many they may be too many
	Names   float64 // different ones since the zone is in the table, of the sample: an estimate with a standard error of 3.3 %
	// Answers says that this host sees answers, and Missing and Failed are shares of them: NXDOMAIN, and SERVFAIL or none.
	Answers         bool
	Missing, Failed float64
	// RandomSubdomains is how much this looks like names that are made up: 0 to 1, the share of the queries that had a
	// new name, times the share that came to nothing where that is known. 0 for fewer than 100 queries.
	RandomSubdomains float64
}

// ClientReport is about the queries of a network to a virtual server.
type ClientReport struct {
	At             netip.AddrPort
	Client         string // as Options.ClientForm says
	Queries, Error uint64
}

const (
	// leastQueries are enough to say that names are made up.
	leastQueries = 100
	// highScore is one that is shown even if other zones are asked more.
	highScore = 0.5
)

// Report tells the rows at most of each kind, and as many more zones with a high score. service names a virtual
// server; what is of one that it does not know is left out.
func (t *Table) Report(now int64, rows int, service func(uint8) (Service, bool)) Report {
	t.Tick(now)
	var r Report
	if t.now.from == 0 {
		return r
	}
	from := t.now.from
	if t.before.from != 0 {
		from = t.before.from
	}
	r.Seconds = float64(max(now-from, 0)) / 1e9
	for i := range uint8(Services) {
		a, b := &t.now.services[i], &t.before.services[i]
		s, known := service(i)
		if n := a.queries + b.queries; known && n > 0 {
			r.Services = append(r.Services, ServiceReport{s.At, n, a.names.with(b.names).estimate(), a.clients.with(b.clients).estimate()})
		}
	}
	extra := 0
	for _, m := range merge(t.now.zones, t.before.zones) {
		parts := of(m, t.now.zone, t.before.zone)
		s, known := service(parts[0].service)
		if !known {
			continue
		}
		top := len(r.Zones)-extra < rows
		if !top && (extra == rows || m.count-m.err < leastQueries) {
			continue
		}
		z := zoneReport(parts, !s.Bypassed)
		if !top {
			if z.RandomSubdomains < highScore {
				continue
			}
			extra++
		}
		z.At, z.Queries, z.Error, z.Zone = s.At, m.count, m.err, t.zoneText(parts[0].name[:parts[0].size])
		r.Zones = append(r.Zones, z)
	}
	for _, m := range merge(t.now.clients, t.before.clients) {
		n := of(m, t.now.client, t.before.client)[0]
		if s, known := service(n.service); known && len(r.Clients) < rows {
			r.Clients = append(r.Clients, ClientReport{s.At, t.clientText(n.address), m.count, m.err})
		}
	}
	return r
}

func zoneReport(parts []*zone, answers bool) ZoneReport {
	names, sum := parts[0].names, zone{}
	if len(parts) > 1 {
		names = names.with(parts[1].names)
	}
	for _, p := range parts {
		sum.queries, sum.answers, sum.nxdomains, sum.failures = sum.queries+p.queries, sum.answers+p.answers,
			sum.nxdomains+p.nxdomains, sum.failures+p.failures
	}
	r := ZoneReport{Names: names.estimate(), Answers: answers}
	queries := float64(sum.queries)
	novel, vain := min(r.Names/queries, 1), 1.0
	if answers {
		// An answer may be of a query that came before the zone had its slot.
		missing, none := float64(sum.nxdomains), max(queries-float64(sum.answers), 0)+float64(sum.failures)
		all := max(queries, float64(sum.answers))
		r.Missing, r.Failed = missing/all, none/all
		vain = min(r.Missing+r.Failed, 1)
	}
	if sum.queries >= leastQueries {
		r.RandomSubdomains = novel * vain
	}
	return r
}
