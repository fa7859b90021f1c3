package top

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math"
	"net/netip"
	"strings"
	"testing"
)

var at = netip.MustParseAddrPort("192.0.2.1:53")

// only knows the virtual servers 0, and 1, whose responses are not seen.
func only(n uint8) (Service, bool) { return Service{at, n == 1}, n < 2 }

func addr(s string) (a [2]uint64) {
	b := netip.MustParseAddr(s).As16()
	return [2]uint64{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])}
}

const (
	second = int64(1e9)
	begin  = int64(1e18)
)

type asked struct {
	*Table
	now int64
}

func (a *asked) ask(service uint8, client, name string, times int) {
	for range times {
		a.Query(&Query{At: a.now, Service: service, Client: addr(client), Name: wired(name), Weight: 1})
	}
}

func (a *asked) zones() string {
	var all []string
	for _, z := range a.Report(a.now, 10, only).Zones {
		all = append(all, fmt.Sprintf("%s %d", z.Zone, z.Queries))
	}
	return strings.Join(all, ", ")
}

func plain() *asked {
	return &asked{New(Options{Zones: 16, Clients: 16, ZoneForm: Plain, ClientForm: Plain}), begin}
}

// TestReport: who asks what is told, by zone, network and virtual server.
func TestReport(t *testing.T) {
	a := plain()
	a.ask(0, "198.51.100.5", "www.example.com.", 5)
	a.ask(0, "198.51.100.200", "WWW.example.COM.", 4)
	a.ask(0, "198.51.101.5", "mail.example.com.", 3)
	a.ask(0, "2001:db8:5:67::1", "example.org.", 2)
	a.ask(0, "2001:db8:5:6f::2", "", 1)
	a.ask(1, "198.51.100.5", "www.example.com.", 1)
	a.ask(2, "198.51.100.5", "gone.example.com.", 1) // a virtual server that is not there now
	a.now += 7 * second
	r := a.Report(a.now, 10, only)
	if r.Seconds != 7 || len(r.Services) != 2 || len(r.Zones) != 4 || len(r.Clients) != 4 {
		t.Fatalf("%+v", r)
	}
	if s := r.Services[0]; s.Queries != 15 || math.Round(s.Names) != 4 || math.Round(s.Clients) != 5 {
		t.Errorf("%+v", s)
	}
	if z := r.Zones[0]; z.Zone != "example.com." || z.Queries != 12 || z.Error != 0 || math.Round(z.Names) != 2 || z.At != at {
		t.Errorf("%+v", z)
	}
	var clients []string
	for _, c := range r.Clients {
		clients = append(clients, fmt.Sprintf("%s %d", c.Client, c.Queries))
	}
	if got, want := strings.Join(clients, ", "), "198.51.100.0/24 9, 2001:db8:5::/56 3, 198.51.101.0/24 3, 198.51.100.0/24 1"; got != want {
		if want = "198.51.100.0/24 9, 198.51.101.0/24 3, 2001:db8:5::/56 3, 198.51.100.0/24 1"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if r := a.Report(a.now, 1, only); len(r.Zones) != 1 || len(r.Clients) != 1 {
		t.Errorf("%+v", r)
	}
}

// TestWindows: what is shown is of the last minute or two, and what is older is gone.
func TestWindows(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []int64 // seconds between queries for a., b. and so on
		want  string
	}{
		{"at once", []int64{0, 0}, "a. 1, b. 1"},
		{"two windows", []int64{0, 61}, "b. 1, a. 1"},
		{"three windows", []int64{0, 61, 60}, "c. 1, b. 1"},
		{"silence", []int64{0, 120}, "b. 1"},
		{"a clock that is a little late", []int64{0, 10, -5}, "a. 1, b. 1, c. 1"},
		{"a clock that is put back", []int64{0, -61}, "b. 1"},
	} {
		a := plain()
		for i, s := range tt.steps {
			a.now += s * second
			a.ask(0, "192.0.2.9", string(rune('a'+i))+".", 1)
		}
		got := map[string]bool{}
		for z := range strings.SplitSeq(a.zones(), ", ") {
			got[z] = true
		}
		for z := range strings.SplitSeq(tt.want, ", ") {
			if !got[z] {
				t.Errorf("%s: %s is missing in %v", tt.name, z, got)
			}
			delete(got, z)
		}
		if len(got) > 0 {
			t.Errorf("%s: %v too", tt.name, got)
		}
	}
	a := plain()
	a.ask(0, "192.0.2.9", "a.", 1)
	a.now += 130 * second
	if r := a.Report(a.now, 10, only); r.Seconds != 0 || r.Zones != nil {
		t.Errorf("after silence: %+v", r)
	}
	for _, w := range []*window{a.Table.now, a.before} {
		for i := range w.zone {
			if w.zone[i].name != [255]uint8{} || w.client[i] != (network{}) {
				t.Error("after silence there are still names or clients in memory")
			}
		}
	}
}

// TestRandomSubdomains: names that are made up stand out, and what only looks like that does not.
func TestRandomSubdomains(t *testing.T) {
	const missing, fine, failed, mute = rcodeNXDomain, 0, rcodeServFail, 999
	for _, tt := range []struct {
		name     string
		service  uint8
		queries  int
		names    int // different ones
		rcode    int
		low, top float64
	}{
		{"an attack", 0, 5000, 5000, missing, 0.9, 1},
		{"an attack on a resolver whose upstreams give up", 0, 5000, 5000, failed, 0.9, 1},
		{"an attack that the server does not answer", 0, 5000, 5000, mute, 0.9, 1},
		{"an attack, without sight of the answers", 1, 5000, 5000, mute, 0.9, 1},
		{"many hosts that are there", 0, 5000, 5000, fine, 0, 0},
		{"one host that is not there", 0, 5000, 1, missing, 0, 0.01},
		{"one host that is asked much", 1, 5000, 1, mute, 0, 0.01},
		{"each name asked five times", 1, 5000, 1000, mute, 0.15, 0.25},
		{"too few", 0, 99, 99, missing, 0, 0},
		{"enough", 0, 100, 100, missing, 0.8, 1},
	} {
		a := plain()
		for i := range tt.queries {
			name := fmt.Sprintf("x%d.example.com.", i%tt.names)
			if i == tt.queries/2 {
				a.now += 60 * second // half of them are in the window before
			}
			a.ask(tt.service, "192.0.2.9", name, 1)
			if tt.rcode != mute {
				a.Answer(a.now, tt.service, wired(name), uint16(tt.rcode))
			}
		}
		z := a.Report(a.now, 10, only).Zones[0]
		if z.RandomSubdomains < tt.low || z.RandomSubdomains > tt.top || z.Answers != (tt.service == 0) {
			t.Errorf("%s: %.2f, want %.2f to %.2f; %+v", tt.name, z.RandomSubdomains, tt.low, tt.top, z)
		}
	}
	// A zone that is under attack is shown though others are asked more.
	a := plain()
	for i := range 200 {
		for zone := range 5 {
			a.ask(0, "192.0.2.9", fmt.Sprintf("www.busy%d.example.", zone), 3)
			a.Answer(a.now, 0, wired(fmt.Sprintf("www.busy%d.example.", zone)), 0)
		}
		a.ask(0, "192.0.2.9", fmt.Sprintf("x%d.victim.example.", i), 1)
		a.Answer(a.now, 0, wired(fmt.Sprintf("x%d.victim.example.", i)), missing)
	}
	if r := a.Report(a.now, 2, only); len(r.Zones) != 3 || r.Zones[2].Zone != "victim.example." {
		t.Errorf("%+v", r.Zones)
	}
}

// TestPrivacy: unless asked no name and no address is in a report, and nobody can find one by hashing all that there are.
func TestPrivacy(t *testing.T) {
	seed := maphash.MakeSeed()
	report := func(o Options) string {
		o.Seed = seed
		a := &asked{New(o), begin}
		a.ask(0, "198.51.100.5", "secret.example.com.", 3)
		a.ask(0, "2001:db8:5:67:89::1", "secret.example.com.", 3)
		b, err := json.Marshal(a.Report(a.now, 10, only))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	key := []byte("0123456789abcdef")
	hashed := report(Options{Key: key})
	for what, texts := range map[string][]string{
		hashed:                             {"secret", "example", "198.51", "2001:db8"},
		report(Options{ZoneForm: Plain}):   {"secret", "198.51", "2001:db8"},
		report(Options{ClientForm: Plain}): {"secret", "example", "198.51.100.5", "2001:db8:5:67"},
	} {
		for _, text := range texts {
			if strings.Contains(what, text) {
				t.Errorf("%s is in %s", text, what)
			}
		}
	}
	if report(Options{Key: key}) != hashed {
		t.Error("the same key gives another hash")
	}
	drawn, again := report(Options{}), report(Options{})
	if report(Options{Key: []byte("another")}) == hashed || drawn == again {
		t.Error("another key gives the same hash")
	}
}

// TestSample: counts are scaled, and what is a share of queries is one of those that were looked at.
func TestSample(t *testing.T) {
	a := plain()
	for i := range 1000 {
		a.Query(&Query{At: a.now, Client: addr("192.0.2.9"), Name: wired(fmt.Sprintf("x%d.example.com.", i/2)), Weight: 16})
	}
	r := a.Report(a.now, 1, only)
	z := r.Zones[0]
	if z.Queries != 16*1000 || z.Error != 0 || r.Services[0].Queries != 16*1000 || z.Names < 400 || z.Names > 600 ||
		z.RandomSubdomains < 0.4 || z.RandomSubdomains > 0.6 {
		t.Errorf("%+v", r)
	}
}

// FuzzTop: whatever is asked, the report is of queries that were asked, and each query costs a bounded amount.
func FuzzTop(f *testing.F) {
	f.Add([]byte("\x00\x01\x07example\x03com\x00\x01\x02\x03www\x07example\x03com\x00"), int64(20))
	f.Add([]byte("\x41\x02\x01a\xc0\x0c\x05\x06\x3f"), int64(-70))
	table := New(Options{Zones: 4, Clients: 4, ZoneForm: Plain, ClientForm: Plain})
	f.Fuzz(func(t *testing.T, b []byte, step int64) {
		table.Forget()
		a := &asked{table, begin}
		asked := uint64(0)
		b = b[:min(len(b), 300)]
		for len(b) > 2 {
			kind, n := b[0], int(b[1])%32
			name := b[2:min(2+n, len(b))]
			a.now += step % (1 << 40)
			if kind&64 == 0 {
				a.Query(&Query{
					At: a.now, Service: kind % Services,
					Client: [2]uint64{uint64(kind&1) << 60, 0xffff<<32 | uint64(kind)<<6}, Name: name,
					Weight: 1 << (kind % 4),
				})
				asked += 1 << (kind % 4)
			} else {
				a.Answer(a.now, kind%Services, name, uint16(n))
			}
			b = b[2+len(name):]
		}
		r := a.Report(a.now, 3, only)
		sum := uint64(0)
		for _, s := range r.Services {
			sum += s.Queries
		}
		for _, z := range r.Zones {
			if z.Queries > asked || z.Error > z.Queries || !(z.RandomSubdomains >= 0 && z.RandomSubdomains <= 1) ||
				!(z.Missing >= 0 && z.Missing+z.Failed <= 1.000001) && z.Answers {
				t.Fatalf("%+v, and %d were asked", z, asked)
			}
		}
		if sum > asked || len(r.Zones) > 6 || len(r.Clients) > 3 || r.Seconds < 0 {
			t.Fatalf("%+v, and %d were asked", r, asked)
		}
	})
}

// BenchmarkQuery is one query of many clients for new names in zones that are known.
func BenchmarkQuery(b *testing.B) { benchmark(b, 0x3f) }

// BenchmarkQueryNewZone is the same for a new zone each time: another one has to go.
func BenchmarkQueryNewZone(b *testing.B) { benchmark(b, 1<<64-1) }

func benchmark(b *testing.B, zones uint64) {
	t := New(Options{})
	name := wired("aaaaaaaa.www.zzzzzzzz.com.")
	q := Query{At: begin, Name: name, Weight: 1, Client: addr("198.51.100.5")}
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		i++
		h := stir(i)
		binary.LittleEndian.PutUint64(name[1:], h)
		binary.LittleEndian.PutUint64(name[14:], h&zones)
		q.Client[1] = 0xffff<<32 | h&0xfffff
		q.At += 1000
		t.Query(&q)
	}
}

// BenchmarkReport is a full table: while it is made nothing is counted.
func BenchmarkReport(b *testing.B) {
	t := New(Options{})
	for i := range uint64(200_000) {
		h := stir(i)
		t.Query(&Query{
			At: begin + int64(i)*500_000, Service: uint8(h % Services),
			Name: wired(fmt.Sprintf("x%d.zone%d.example.com.", i, h%400)), Weight: 1,
			Client: [2]uint64{0, 0xffff<<32 | h>>32},
		})
	}
	for b.Loop() {
		t.Report(begin+101*second, 20, func(n uint8) (Service, bool) { return Service{At: at}, true })
	}
}
