//go:build lab

package conntrack

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/lvsdns/lvsdns/internal/flowtest"
)

// TestTableFills has the table filled up to its limit while passes are made: the limit is one number for the whole kernel, so it
// takes a kernel of our own.
func TestTableFills(t *testing.T) {
	if os.Getenv("LVSDNS_LAB") == "" {
		t.Skip("changes the kernel's limit of entries: run it in the lab")
	}
	const limit = 20_000
	for _, command := range []string{
		"sysctl -qw net.netfilter.nf_conntrack_max=20000", "iptables-legacy -w 5 -A INPUT -m conntrack --ctstate NEW -j ACCEPT",
	} {
		words := strings.Fields(command)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", command, err, out)
		}
	}
	service := Service{At: addr("192.0.2.1:53"), Servers: []Server{{At: addr("198.51.100.1:53")}}}
	flow := func(i int) flowtest.Flow {
		return flowtest.Flow{
			Client: netip.AddrPortFrom(host(false, 10, i>>8), uint16(1024+i&255)), Service: service.At,
			Server: service.Servers[0].At, Status: flowtest.Assured, Timeout: 3600,
		}
	}
	c := New(Config{})
	var totals Totals
	count := func() {
		t.Helper()
		cpus, err := c.Counters(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		totals.Add(cpus)
	}
	count()
	drops, _ := totals.Of(Drop)
	before := leftovers(t)

	// A quarter more than there is room for, in pieces, passes going on all the while.
	table, added, refused := openTable(t), make(chan int), make(chan error)
	go func() {
		sum := 0
		var last error
		for begin := 0; begin < limit*5/4; begin += 500 {
			n, err := table.Create(500, func(i int) flowtest.Flow { return flow(begin + i) })
			sum, last = sum+n, err
		}
		added <- sum
		refused <- last
	}()
	var made int
	passes := 0
	for made == 0 {
		select {
		case made = <-added:
		default:
		}
		pass, err := c.Pass(t.Context(), []Service{service}, 2*limit)
		if err != nil {
			t.Fatal(err)
		}
		passes++
		if n := pass.Services[0].ByState[Assured]; n > limit+limit/100 {
			t.Errorf("%d flows in a table of %d", n, limit)
		}
	}
	if err := <-refused; !errors.Is(err, syscall.ENOMEM) || made > limit || made < limit*9/10 {
		t.Errorf("%d flows made, and then %v: the table was not full", made, err)
	}
	pass, err := c.Pass(t.Context(), []Service{service}, 2*limit)
	size, sizeErr := c.Size()
	if err != nil || sizeErr != nil || pass.Services[0].ByState[Assured] != uint64(made) || size.Limit != limit || size.Entries < made {
		t.Errorf("%d flows counted of %d, %+v; %v %v", pass.Services[0].ByState[Assured], made, size, err, sizeErr)
	}

	// And what an operator sees of it: packets of new flows are dropped.
	for range 50 {
		if conn, err := net.Dial("udp", "127.0.0.1:9"); err == nil {
			conn.Write([]byte("lost"))
			conn.Close()
		}
	}
	count()
	if n, known := totals.Of(Drop); !known || n < drops+50 {
		t.Errorf("%d packets dropped, want 50", n-drops)
	} else {
		t.Logf("%d passes while the table filled up with %d flows; then %d packets dropped", passes, made, n-drops)
	}
	if after := leftovers(t); after.files > before.files+1 || after.goroutines > before.goroutines || after.heap > before.heap+1<<20 {
		t.Errorf("left behind: %+v became %+v", before, after)
	}
}
