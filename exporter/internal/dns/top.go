package dns

import "github.com/lvsdns/lvsdns/internal/dnscount/top"

// Top is what DNS clients ask most, of each kind the rows at most. *capture.Capture is one.
type Top interface {
	Top(rows int) *top.Report
}

// TopRows is as much as somebody who was woken reads.
const TopRows = 20

// TopState is what was asked in the last minute or two. It is for people: nothing of it is a metric, because what clients
// ask must not make series.
type TopState struct {
	Seconds        float64      `json:"seconds"` // that it is about
	VirtualServers []TopService `json:"virtual_servers"`
	Zones          []TopZone    `json:"zones"`
	Clients        []TopClient  `json:"clients"`
}

// TopService is how many questions a virtual server got, and how many different ones.
type TopService struct {
	VIP             string `json:"vip"`
	VPort           string `json:"vport"`
	Queries         uint64 `json:"queries"`
	DistinctNames   uint64 `json:"distinct_names"`
	DistinctClients uint64 `json:"distinct_clients"`
}

// TopZone is a zone that is asked much, or in a way that looks like an attack.
type TopZone struct {
	VIP             string   `json:"vip"`
	VPort           string   `json:"vport"`
	Zone            string   `json:"zone"` // a keyed hash, or its name if dns.top-zones says so
	Queries         uint64   `json:"queries"`
	Error           uint64   `json:"queries_error"` // so many of them may be others'
	DistinctNames   uint64   `json:"distinct_names"`
	NXDomainShare   *float64 `json:"nxdomain_share"`   // of the queries; null where answers are not seen
	UnansweredShare *float64 `json:"unanswered_share"` // or answered with SERVFAIL
	Score           float64  `json:"random_subdomain_score"`
}

// TopClient is a network of clients that asks much.
type TopClient struct {
	VIP     string `json:"vip"`
	VPort   string `json:"vport"`
	Client  string `json:"client"` // a keyed hash, or the network if dns.top-clients says so
	Queries uint64 `json:"queries"`
	Error   uint64 `json:"queries_error"`
}

// TopOf is nil if nobody wants to know, or nothing was asked.
func TopOf(t Top) *TopState {
	if t == nil {
		return nil
	}
	r := t.Top(TopRows)
	if r == nil {
		return nil
	}
	s := &TopState{Seconds: r.Seconds, VirtualServers: []TopService{}, Zones: []TopZone{}, Clients: []TopClient{}}
	for _, v := range r.Services {
		at := vipLabels(v.At)
		s.VirtualServers = append(s.VirtualServers, TopService{at[0], at[1], v.Queries, uint64(v.Names + 0.5), uint64(v.Clients + 0.5)})
	}
	for _, z := range r.Zones {
		at := vipLabels(z.At)
		state := TopZone{VIP: at[0], VPort: at[1], Zone: z.Zone, Queries: z.Queries, Error: z.Error, DistinctNames: uint64(z.Names + 0.5), Score: z.RandomSubdomains}
		if z.Answers {
			state.NXDomainShare, state.UnansweredShare = &z.Missing, &z.Failed
		}
		s.Zones = append(s.Zones, state)
	}
	for _, c := range r.Clients {
		at := vipLabels(c.At)
		s.Clients = append(s.Clients, TopClient{at[0], at[1], c.Client, c.Queries, c.Error})
	}
	return s
}
