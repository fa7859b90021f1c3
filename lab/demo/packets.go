package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// packets is what the exporters have counted of DNS messages: queries on the director, responses on the real servers.
type packets struct {
	queries   map[string]float64 // by transport
	responses map[string]float64 // by rcode
	sizes     map[string]float64 // responses by the upper bound of their size, cumulative
	truncated float64
	coverage  float64 // of the director; 0: not known
	sample    float64 // of the director
	drops     float64
}

// sampleOf splits a line of a page: the metric, its labels as they stand, its value.
func sampleOf(line string) (name, labels string, value float64, ok bool) {
	if strings.HasPrefix(line, "#") {
		return "", "", 0, false
	}
	series, text, found := strings.Cut(strings.TrimSuffix(line, "\n"), "} ")
	if !found {
		series, text, _ = strings.Cut(series, " ")
	}
	name, labels, _ = strings.Cut(series, "{")
	value, err := strconv.ParseFloat(text, 64)
	return name, labels, value, err == nil
}

func labelOf(labels, name string) string {
	_, rest, _ := strings.Cut(","+labels, ","+name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// packets reads the pages of all exporters.
func (s *stage) packets() packets {
	p := packets{queries: map[string]float64{}, responses: map[string]float64{}, sizes: map[string]float64{}}
	if !s.observed {
		return p
	}
	s.samples(statusPage, func(name, labels string, v float64) {
		switch name {
		case "lvsdns_capture_sampling_ratio":
			p.sample = v
		case "lvsdns_capture_drops_total":
			p.drops += v
		case "lvsdns_dns_queries_total":
			p.queries[labelOf(labels, "transport")] += v
		case "lvsdns_capture_coverage_ratio":
			p.coverage = v
		}
	})
	for _, server := range s.servers {
		s.samples(exporterOf(server.rip()), func(name, labels string, v float64) {
			switch name {
			case "lvsdns_dns_responses_total":
				p.responses[labelOf(labels, "rcode")] += v
			case "lvsdns_dns_responses_truncated_total":
				p.truncated += v
			case "lvsdns_dns_response_size_bytes_bucket":
				p.sizes[labelOf(labels, "le")] += v
			}
		})
	}
	return p
}

// samples gives each sample of a page.
func (s *stage) samples(at string, each func(name, labels string, v float64)) {
	page, err := s.clients[0].Get(s.lab.Context(), "http://"+at+"/metrics")
	if err != nil {
		s.lab.Fatalf("the exporter's page: %v", err)
	}
	for line := range strings.Lines(string(page)) {
		if name, labels, v, ok := sampleOf(line); ok {
			each(name, labels, v)
		}
	}
}

func minus(a, b map[string]float64) map[string]float64 {
	left := maps.Clone(a)
	for k, v := range b {
		left[k] -= v
	}
	return left
}

// since is what came after before.
func (p packets) since(before packets) packets {
	p.queries, p.responses, p.sizes = minus(p.queries, before.queries), minus(p.responses, before.responses), minus(p.sizes, before.sizes)
	p.truncated -= before.truncated
	return p
}

func sum(m map[string]float64) (n float64) {
	for _, v := range m {
		n += v
	}
	return n
}

// share is that of UDP.
func (p packets) share() float64 { return p.queries["udp"] / max(1, sum(p.queries)) }

func (p packets) String() string {
	var rcodes []string
	for _, rcode := range slices.SortedFunc(maps.Keys(p.responses), func(a, b string) int {
		return cmp.Or(cmp.Compare(p.responses[b], p.responses[a]), cmp.Compare(a, b))
	}) {
		if n := p.responses[rcode]; n > 0 {
			rcodes = append(rcodes, fmt.Sprintf("%.0f %s", n, rcode))
		}
	}
	return fmt.Sprintf("%.0f queries, UDP %.0f %%, TCP %.0f %%; answers: %s; %.0f truncated, half are of %s",
		sum(p.queries), 100*p.share(), 100-100*p.share(), cmp.Or(strings.Join(rcodes, ", "), "none"), p.truncated, p.median())
}

// median tells the size that half of the responses do not exceed, as well as a histogram can.
func (p packets) median() string {
	all := p.sizes["+Inf"]
	best := math.Inf(1)
	for text, n := range p.sizes {
		if bound, err := strconv.ParseFloat(text, 64); err == nil && n*2 >= all {
			best = min(best, bound)
		}
	}
	if all == 0 || math.IsInf(best, 1) {
		return "unknown size"
	}
	return fmt.Sprintf("at most %.0f bytes", best)
}

// listens waits until all exporters count the virtual server, so that no query is missed.
func (s *stage) listens() {
	s.lab.WaitFor("the exporters to count the DNS traffic", patience, func() bool {
		n := 0
		for _, at := range []string{statusPage, exporterOf(s.servers[0].rip()), exporterOf(s.servers[1].rip())} {
			page, err := s.clients[0].Get(s.lab.Context(), "http://"+at+"/metrics")
			if err == nil && strings.Contains(string(page), `lvsdns_dns_queries_total{vip="`+vip+`",`) &&
				strings.Contains(string(page), `lvsdns_capture_listening{interface="eth0",backend="af_packet"} 1`) {
				n++
			}
		}
		return n == 3
	})
}

// sent is how many questions the clients have sent.
func (t traffic) sent() (udp, tcp int) {
	for _, l := range t {
		for _, p := range l.Phases() {
			udp, tcp = udp+p.UDP.Sent, tcp+p.TCP.Sent
		}
	}
	return udp, tcp
}

// counted holds what was counted from packets against what the clients have done.
func (s *stage) counted(t traffic) {
	var p packets
	s.lab.WaitFor("a coverage of the capture near 1", patience, func() bool {
		p = s.packets()
		return math.Abs(p.coverage-1) <= 0.05 || p.drops > 0
	})
	least, _ := t.sent()
	// A page is up to two seconds old (sources.share), and a block of packets is read 60 ms after the first of them.
	s.pause(2500 * time.Millisecond)
	p = s.packets()
	most, tcp := t.sent()
	fmt.Printf("   packets of DNS, on the director (queries) and the real servers (answers): %s\n", p)
	fmt.Printf(
		"   the clients sent %d questions over UDP and tried %d over TCP; IPVS counted the packets that the capture saw, within %.1f %%\n",
		most, tcp, 100*math.Abs(p.coverage-1),
	)
	if p.drops > 0 || p.sample < 1 {
		fmt.Printf(
			"   this machine is so busy that the capture has lost %.0f packets on the director and looks at 1 in %.0f: its counts are estimates here\n",
			p.drops, 1/p.sample,
		)
	} else if udp := p.queries["udp"]; udp < float64(least) || udp > float64(most) {
		// TCP is not held against it: a connection that was refused had no query.
		s.lab.Fatalf("the director has counted %.0f queries over UDP, and the clients have sent %d to %d", udp, least, most)
	}
	if n := p.queries["tcp"]; n == 0 || n > float64(tcp) && p.drops == 0 {
		s.lab.Fatalf("the director has counted %.0f queries over TCP, and the clients have tried %d", n, tcp)
	}
	for _, rcode := range []string{"NOERROR", string(labtest.Servfail), string(labtest.Refused)} {
		if p.responses[rcode] == 0 {
			s.lab.Fatalf("the real servers have answered with %s, and that was not counted: %s", rcode, p)
		}
	}
	if answers := sum(p.responses); p.sizes["+Inf"] != answers {
		s.lab.Fatalf("%.0f answers were counted and %.0f sizes", answers, p.sizes["+Inf"])
	}
}

// recorded shows that Prometheus has the share of UDP as well.
func (s *stage) recorded() {
	var share float64
	s.lab.WaitFor("the recorded share of UDP", patience, func() bool {
		share = s.value(`vip:lvsdns_dns_queries_udp:ratio_rate5m{instance="director"}`)
		return share > 0.5 && share < 1
	})
	fmt.Printf("   Prometheus records that %.0f %% of the queries of the last five minutes came over UDP\n", 100*share)
}
