package conntrack

import (
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/flowtest"
)

// churn makes and deletes flows until it is told to stop: rate of each in a second, if the machine can.
type churn struct {
	stop chan struct{}
	done chan struct{}
	made int
	took time.Duration
	err  error
}

const churnAlive = 200 // flows of the churn that are there at a time, at most twice as many

func startChurn(table *flowtest.Table, rate int, service netip.AddrPort) *churn {
	c := &churn{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		began := time.Now()
		for c.err == nil {
			select {
			case <-c.stop:
				c.took = time.Since(began)
				return
			case <-time.After(time.Until(began.Add(time.Duration(c.made) * time.Second / time.Duration(rate)))):
			}
			flow := func(i int) flowtest.Flow {
				i += c.made
				return flowtest.Flow{
					Client:  netip.AddrPortFrom(host(false, 11, i>>8), uint16(1024+i&255)),
					Service: service, Server: service, Status: flowtest.Replied, Timeout: 60,
				}
			}
			if _, c.err = table.Create(churnAlive, flow); c.err == nil {
				_, c.err = table.Delete(churnAlive, flow)
			}
			c.made += churnAlive
		}
	}()
	return c
}

func (c *churn) end(t *testing.T) {
	t.Helper()
	close(c.stop)
	if <-c.done; c.err != nil {
		t.Errorf("the churn itself: %v", c.err)
	}
	t.Logf("%d entries made and deleted in %v: %.0f/s", c.made, c.took, float64(c.made)/c.took.Seconds())
}

// passesUnderChurn makes passes while entries come and go, and holds that those which stay are all counted, that none fails, and
// that nothing is left behind.
func passesUnderChurn(t *testing.T, flows, passes int) {
	t.Helper()
	service := Service{At: addr("192.0.2.1:53"), Servers: []Server{{At: addr("198.51.100.1:53")}}}
	fill(t, flows, func(i int) flowtest.Flow {
		return flowtest.Flow{
			Client: netip.AddrPortFrom(host(false, 10, i>>8), uint16(1024+i&255)), Service: service.At,
			Server: service.Servers[0].At, Status: flowtest.Assured, Timeout: 3600,
		}
	})
	c := New(Config{})
	pass := func() Pass {
		t.Helper()
		p, err := c.Pass(t.Context(), []Service{service}, 2*flows)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	pass()
	before := leftovers(t)
	churn := startChurn(openTable(t), 20_000, service.At)
	var most uint64
	for range passes {
		p := pass()
		// When the entry that the kernel wants to go on from is deleted, it begins its bucket anew and lists some twice
		// (ctnetlink_dump_table), never less.
		if got := p.Services[0].ByState[Assured]; got < uint64(flows) || got > uint64(flows+flows/100) {
			t.Errorf("%d of %d flows that stay", got, flows)
		} else {
			most = max(most, got-uint64(flows))
		}
	}
	churn.end(t)
	t.Logf("%d passes over %d entries that stay; at most %d of them counted twice", passes, flows, most)
	if after := leftovers(t); after.files > before.files+1 || after.goroutines > before.goroutines || after.heap > before.heap+1<<20 {
		t.Errorf("left behind: %+v became %+v", before, after)
	}
}

// leftover is what a leak would be seen in.
type leftover struct {
	files, goroutines int
	heap              uint64
}

func leftovers(t *testing.T) leftover {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return leftover{len(files), runtime.NumGoroutine(), m.HeapAlloc}
}

func TestPassesUnderChurn(t *testing.T) {
	ownTable(t)
	passesUnderChurn(t, 20_000, 10)
}
