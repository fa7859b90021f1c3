package fallback_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback"
	"github.com/lvsdns/lvsdns/internal/fallback/kerneltest"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// director is a loop on a kernel in memory, with real servers that are ports of this host.
type director struct {
	t      *testing.T
	kernel *kerneltest.Kernel
	file   string
	state  string
	reload chan struct{}
	log    *buffer
	change func(*fallback.Options)
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newDirector(t *testing.T, conf string) *director {
	t.Helper()
	dir := t.TempDir()
	d := &director{t: t, kernel: &kerneltest.Kernel{}, file: filepath.Join(dir, "keepalived.conf"), state: filepath.Join(dir, "state/fallback.json"), reload: make(chan struct{}), log: &buffer{}}
	d.write(conf)
	return d
}

func (d *director) write(conf string) {
	d.t.Helper()
	if err := os.WriteFile(d.file+".new", []byte(conf), 0o644); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(d.file+".new", d.file); err != nil {
		d.t.Fatal(err)
	}
}

func (d *director) load() (*keepalived.Config, []plan.Block, error) {
	c, err := keepalived.Load(d.file, keepalived.Options{ConfigID: "x"})
	if err != nil {
		return nil, nil, err
	}
	b, err := plan.Blocks(c, plan.Options{})
	return c, b, err
}

// start runs the loop; the function that it returns ends it.
func (d *director) start() func() {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	o := fallback.Options{
		Load: d.load, Kernel: d.kernel, StateFile: d.state, Interval: 20 * time.Millisecond, Reload: d.reload,
		Ready: func() { close(ready) }, Log: slog.New(slog.NewTextHandler(d.log, nil)),
	}
	if d.change != nil {
		d.change(&o)
	}
	go func() { done <- fallback.Run(ctx, o) }()
	select {
	case <-ready:
	case err := <-done:
		d.t.Fatalf("ended at once: %v", err)
	}
	return func() {
		cancel()
		if err := <-done; err != nil {
			d.t.Error(err)
		}
	}
}

// table is the one service, such as "21:1 22:0".
func (d *director) table() (text string) {
	d.kernel.Do(func() {
		for _, e := range d.kernel.Entries {
			if e.Service.FWMark == 0 {
				for _, s := range e.Destinations {
					text += fmt.Sprintf(" %d:%d", s.Port, s.Weight)
				}
			}
		}
	})
	return strings.TrimSpace(text)
}

func (d *director) until(what string, f func() bool) {
	d.t.Helper()
	for range 1000 {
		if f() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.t.Fatalf("never: %s\ntable: %s\n%s", what, d.table(), d.log)
}

// port is one that accepts connections until it is closed.
func port(t *testing.T) (int, func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, func() { l.Close() }
}

func conf(ports ...int) string {
	text := "virtual_server 192.0.2.1 53 {\n protocol TCP\n lb_algo rr\n lb_kind NAT\n delay_loop 0.1\n warmup 0\n retry 1\n delay_before_retry 0.1\n"
	for _, p := range ports {
		text += fmt.Sprintf("real_server 127.0.0.1 %d {\n TCP_CHECK {\n}\n}\n", p)
	}
	return text + "}\n"
}

func TestRun(t *testing.T) {
	a, _ := port(t)
	b, closeB := port(t)
	d := newDirector(t, conf(a, b))
	foreign := ipvs.Service{ServiceKey: ipvs.Mark(ipvs.IPv4, 7), Scheduler: "rr"}
	d.kernel.Entries = []ipvs.TableEntry{{Service: foreign}}

	// From nothing: a real server is there when its check has passed.
	stop := d.start()
	if got := d.table(); got != "" {
		t.Errorf("before any check: %s", got)
	}
	both, one := fmt.Sprintf("%d:1 %d:1", a, b), fmt.Sprintf("%d:1", a)
	d.until("both are up", func() bool { return len(d.table()) == len(both) })
	stop()

	// A restart finds all as it should be, and writes nothing.
	d.kernel.Writes = nil
	stop = d.start()
	d.until("checks ran again", func() bool { return strings.Count(d.log.String(), "configuration taken") == 2 })
	time.Sleep(1500 * time.Millisecond) // the first checks come after a second
	if len(d.kernel.Writes) > 0 {
		t.Errorf("a restart writes %v", d.kernel.Writes)
	}
	closeB()
	d.until("the dead one is out", func() bool { return d.table() == one })

	// A bad file changes nothing; a new one is taken without being told.
	if err := os.Remove(d.file); err != nil {
		t.Fatal(err)
	}
	d.until("the missing file is noticed", func() bool { return strings.Contains(d.log.String(), "the last good one stays") })
	if got := d.table(); got != one {
		t.Errorf("without a configuration: %s", got)
	}
	c, _ := port(t)
	d.write(conf(a, c))
	d.until("the new one is in", func() bool { return d.table() == fmt.Sprintf("%d:1 %d:1", a, c) })
	d.write(conf(c))
	d.until("the old one is out", func() bool { return d.table() == fmt.Sprintf("%d:1", c) })

	// Another hand: nothing is written until an operator says so.
	d.kernel.Do(func() { d.kernel.Find(ipvs.At(ipvs.TCP, addr("192.0.2.1:53"))).Destinations[0].Weight = 9 })
	d.until("the other hand is noticed", func() bool { return strings.Contains(d.log.String(), "somebody else wrote") })
	time.Sleep(100 * time.Millisecond)
	if got := d.table(); got != fmt.Sprintf("%d:9", c) {
		t.Errorf("after another's write: %s", got)
	}
	d.reload <- struct{}{}
	d.until("it is mended on demand", func() bool { return d.table() == fmt.Sprintf("%d:1", c) })
	stop()
	if got := d.table(); got != fmt.Sprintf("%d:1", c) {
		t.Errorf("after the end: %s", got)
	}
	if e := d.kernel.Find(foreign.ServiceKey); e == nil || e.Service != foreign {
		t.Error("the foreign service was touched")
	}
}

// TestLostTable: what was known before the table was taken away counts at a restart.
func TestLostTable(t *testing.T) {
	a, _ := port(t)
	b, closeB := port(t)
	d := newDirector(t, conf(a, b))
	stop := d.start()
	d.until("both are up", func() bool { return strings.Count(d.table(), ":1") == 2 })
	closeB()
	d.until("one is out", func() bool { return strings.Count(d.table(), ":1") == 1 })
	stop()
	d.kernel.Entries = nil
	stop = d.start()
	defer stop()
	if got := d.table(); got != fmt.Sprintf("%d:1", a) {
		t.Errorf("after the first pass: %s", got)
	}
}

// TestKernelErrors: an error ends the pass and is said once, and the next pass begins with a look.
func TestKernelErrors(t *testing.T) {
	a, _ := port(t)
	d := newDirector(t, conf(a))
	d.kernel.FailAt, d.kernel.Fault = 2, errors.New("no buffer space")
	stop := d.start()
	defer stop()
	d.until("it is in all the same", func() bool { return d.table() == fmt.Sprintf("%d:1", a) })
	if got := d.log.String(); strings.Count(got, "no buffer space") != 1 || !strings.Contains(got, "step 1 of 1, add real server tcp 192.0.2.1:53") {
		t.Errorf("the log says\n%s", got)
	}
}

func TestDryRun(t *testing.T) {
	a, _ := port(t)
	d := newDirector(t, conf(a))
	d.change = func(o *fallback.Options) { o.DryRun = true }
	stop := d.start()
	d.until("it says what it would do", func() bool {
		return strings.Contains(d.log.String(), "would write") && strings.Contains(d.log.String(), "add real server")
	})
	stop()
	if _, err := os.Stat(d.state); err == nil || len(d.kernel.Writes) > 0 {
		t.Errorf("a dry run writes: %v", d.kernel.Writes)
	}
}

// TestGuardLost: nothing is written once somebody else may write.
func TestGuardLost(t *testing.T) {
	a, _ := port(t)
	d := newDirector(t, conf(a))
	d.change = func(o *fallback.Options) {
		o.Guard = func() error { return errors.New("the pidfile names process 1 now") }
	}
	stop := d.start()
	d.until("the stop is said", func() bool { return strings.Contains(d.log.String(), "names process 1 now") })
	time.Sleep(100 * time.Millisecond)
	stop()
	if len(d.kernel.Writes) > 0 {
		t.Errorf("writes %v", d.kernel.Writes)
	}
}

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// TestBeginning: a virtual server that the kernel has not begins with its sorry server unless quorum and hysteresis are both reached.
func TestBeginning(t *testing.T) {
	d := newDirector(t, `virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo rr
	lb_kind DR
	quorum 2
	hysteresis 1
	sorry_server 10.9.9.9 53
	real_server 10.0.0.1 53 {
	}
	real_server 10.0.0.2 53 {
	}
}
`)
	defer d.start()()
	var servers []string
	d.kernel.Do(func() {
		for _, e := range d.kernel.Entries {
			for _, s := range e.Destinations {
				servers = append(servers, s.Addr.String())
			}
		}
	})
	if len(servers) != 1 || servers[0] != "10.9.9.9" {
		t.Errorf("it begins with %v", servers)
	}
}

// TestTorn: a crash between the sorry server and the real servers leaves both. Which of them goes is for the checks to say, in either direction,
// and nothing is written before, nor anything that has to be taken back.
func TestTorn(t *testing.T) {
	for _, alive := range []bool{true, false} {
		a, closeA := port(t)
		b, closeB := port(t)
		d := newDirector(t, strings.Replace(conf(a, b), "real_server", "sorry_server 127.0.0.9 53\nreal_server", 1))
		d.kernel.Entries = []ipvs.TableEntry{{
			Service: ipvs.Service{ServiceKey: ipvs.At(ipvs.TCP, addr("192.0.2.1:53")), Scheduler: "rr", Netmask: ipvs.MaskBits(ipvs.IPv4, 32)},
			Destinations: []ipvs.Destination{
				{DestinationKey: ipvs.To(addr(fmt.Sprintf("127.0.0.1:%d", a))), Weight: 1}, {DestinationKey: ipvs.To(addr("127.0.0.9:53")), Weight: 1},
			},
		}}
		want := []string{fmt.Sprintf("new 127.0.0.1:%d of tcp 192.0.2.1:53 weight 1", b), "delete 127.0.0.9:53 of tcp 192.0.2.1:53"}
		if !alive {
			closeA()
			closeB()
			want = []string{fmt.Sprintf("delete 127.0.0.1:%d of tcp 192.0.2.1:53", a)}
		}
		stop := d.start()
		writes := func() (all []string) {
			d.kernel.Do(func() { all = slices.Clone(d.kernel.Writes) })
			return all
		}
		if first := writes(); len(first) > 0 {
			t.Errorf("alive %t: before any check %v", alive, first)
		}
		d.until("the checks decide", func() bool { return len(writes()) >= len(want) })
		time.Sleep(200 * time.Millisecond)
		stop()
		if got := writes(); !slices.Equal(got, want) {
			t.Errorf("alive %t: %v, want %v\n%s", alive, got, want, d.log)
		}
	}
}
