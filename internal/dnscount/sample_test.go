package dnscount

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
)

// TestSampleError: whatever the size of the sample, what it says of all lies within 3 standard errors of the truth. One draw in 370
// does not, by chance; the draws are always the same here.
func TestSampleError(t *testing.T) {
	const asks = 60_000
	r := rand.New(rand.NewPCG(1, 2))
	kinds, rcodes := []uint16{dns.TypeA, dns.TypeA, dns.TypeAAAA, dns.TypeTXT}, []int{0, 0, 0, dns.RcodeNameError, dns.RcodeServerFailure}
	var frames []Frame
	truth := map[string]uint64{}
	for i := range asks {
		id, kind, rcode := uint16(r.Uint32()), kinds[r.IntN(len(kinds))], rcodes[r.IntN(len(rcodes))]
		from := client
		from = ap(from.Addr().String() + ":" + []string{"1025", "4242", "33333", "60000"}[r.IntN(4)])
		frames = append(frames,
			Frame{Data: packets.Datagram(from, vip, macHost, ask(t, id, "a.example.", kind)), Time: int64(i) * 1e6, Kind: Host},
			Frame{Data: packets.Datagram(vip, from, macRouter, answer(t, id, "a.example.", kind, rcode)), Time: int64(i)*1e6 + 1000, Kind: Outgoing})
		truth["queries"]++
		truth[dns.TypeToString[kind]]++
		truth[dns.RcodeToString[rcode]]++
	}
	for shift := range uint8(MaxSample + 1) {
		c := New(Options{Seed: 3})
		c.Use(realServer())
		c.Sample(shift)
		for i := range frames {
			frames[i].Wire = len(frames[i].Data)
			c.Frame(&frames[i])
		}
		got := map[string]uint64{}
		for _, s := range c.Report().Services {
			if s.At != vip {
				continue
			}
			got["queries"] = s.Counts.Queries[UDP][0]
			for i, name := range Types {
				got[name] = s.Counts.ByType[i]
			}
			for i, name := range Rcodes {
				got[name] = s.Counts.Responses[UDP][i]
			}
		}
		for what, want := range truth {
			if off, allowed := math.Abs(float64(got[what])-float64(want)), 3*math.Sqrt(float64(want)*float64(uint64(1)<<shift-1)); off > allowed {
				t.Errorf("one in %d: %s: %d, want %d and at most %.0f off", 1<<shift, what, got[what], want, allowed)
			}
		}
	}
}
