package fifo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// rig is a reader with its FIFOs.
type rig struct {
	t       *testing.T
	dir     string
	reader  *Reader
	doubts  atomic.Int32
	stop    func()
	journal *journal.Journal
}

func newRig(t *testing.T) *rig {
	dir := t.TempDir()
	r := &rig{t: t, dir: dir, journal: &journal.Journal{StateDir: filepath.Join(dir, "lib"), RunDir: filepath.Join(dir, "run"), Boot: "b"}}
	r.reader = &Reader{VRRP: filepath.Join(dir, "fifos/vrrp"), LVS: filepath.Join(dir, "fifos/lvs"), Journal: r.journal, Resync: time.Hour}
	return r
}

func (r *rig) start() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	wake, ready, ended := make(chan bool), make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case doubt := <-wake:
				if doubt {
					r.doubts.Add(1)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() { ended <- r.reader.Run(ctx, wake, func() { close(ready) }, func() {}) }()
	r.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	}
	select {
	case <-ready:
	case err := <-ended:
		r.t.Fatal(err)
	}
}

// open opens a FIFO as keepalived does.
func (r *rig) open(path string) *os.File {
	r.t.Helper()
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), path)
}

func (r *rig) until(what string, ok func(*notify.Document) bool) *notify.Document {
	r.t.Helper()
	for n := 0; ; n++ {
		d, err := r.journal.Read()
		if err == nil && ok(d) {
			return d
		}
		if n > 1500 {
			r.t.Fatalf("waited in vain for %s: %+v %v", what, d, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// write says whether the pipe took it: keepalived does not look.
func write(f *os.File, text string) bool {
	fd := int(f.Fd())
	n, err := syscall.Write(fd, []byte(text))
	return err == nil && n == len(text)
}

var vi = notify.Subject{Kind: notify.Instance, Name: "VI"}

func is(s notify.State) func(*notify.Document) bool {
	return func(d *notify.Document) bool { r := d.Record(vi); return r != nil && r.Said == s }
}

func TestReader(t *testing.T) {
	r := newRig(t)
	r.start()
	vrrp, lvs := r.open(r.reader.VRRP), r.open(r.reader.LVS)
	_ = syscall.SetNonblock(int(vrrp.Fd()), true)
	write(vrrp, "INSTANCE \"VI\" BACKUP 100\nINSTANCE \"VI\" MAS")
	r.until("the first line", is(notify.Backup))
	write(vrrp, "TER 100\n")
	r.until("the second line", is(notify.Master))
	write(lvs, "RS [10.1.0.5]:udp:53 [10.0.0.1]:udp:53 UP\n\x00VS [10.0.0.1]:udp:53 UP\n\x00")
	d := r.until("two servers", func(d *notify.Document) bool { return len(d.Servers) == 2 })
	if r.doubts.Load() != 1 || d.Reader.Resyncs != 0 || d.Reader.Lines != 4 {
		t.Errorf("doubts %d, %+v", r.doubts.Load(), d.Reader)
	}

	// A reload of a keepalived that has made the FIFO: it unlinks it, makes another, and goes on there.
	if err := os.Remove(r.reader.VRRP); err != nil {
		t.Fatal(err)
	}
	write(vrrp, "INSTANCE \"VI\" FAULT 100\nINSTANCE \"half")
	vrrp.Close()
	if err := syscall.Mkfifo(r.reader.VRRP, 0o600); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	r.until("the last line of the old FIFO", is(notify.Fault))
	d = r.until("a resync", func(d *notify.Document) bool { return d.Reader.Resyncs > 0 })
	if d.Reader.Why != "the old FIFO ended in the middle of a line; keepalived has made a new FIFO" || d.Reader.Garbage != 1 {
		t.Errorf("%+v", d.Reader)
	}
	vrrp = r.open(r.reader.VRRP)
	write(vrrp, "INSTANCE \"VI\" BACKUP 100\n")
	r.until("a line of the new FIFO", is(notify.Backup))

	// The reader restarts, keepalived writes meanwhile.
	r.stop()
	write(vrrp, "INSTANCE \"VI\" MASTER 100\n")
	r.start()
	r.until("what was written meanwhile", is(notify.Master))
	write(vrrp, "rubbish\n\x00\xff\n")
	d = r.until("a word about rubbish", func(d *notify.Document) bool { return d.Reader.Garbage == 3 })
	if !strings.HasPrefix(d.Reader.Why, "there were lines that mean nothing: \"rubbish\": begins with none of INSTANCE") {
		t.Error(d.Reader.Why)
	}
	second := &Reader{VRRP: r.reader.VRRP, Journal: r.journal}
	if err := second.Run(t.Context(), nil, nil, nil); err == nil || err.Error() != "another reader of the FIFOs runs on this host: there can be one" {
		t.Error(err)
	}
	r.stop()
}

// TestFlood writes 10,000 events at once, and then so many that some must be lost: after it the reader knows that it may have missed some.
func TestFlood(t *testing.T) {
	r := newRig(t)
	r.start()
	defer func() { r.stop() }()
	vrrp := r.open(r.reader.VRRP)
	flood := func(events int) (lost int) {
		for n := range events {
			if !write(vrrp, fmt.Sprintf("INSTANCE \"VI\" %s 100\n", []string{"MASTER", "BACKUP"}[n%2])) {
				lost++
			}
		}
		return lost
	}
	if lost := flood(10_000); lost != 0 {
		t.Errorf("%d of 10,000 did not fit", lost)
	}
	d := r.until("all of them", func(d *notify.Document) bool { return d.Reader.Lines == 10_000 })
	if before := r.doubts.Load(); before != 1 || d.Reader.Resyncs != 0 {
		t.Errorf("nothing was lost: doubts %d, %+v", before, d.Reader)
	}
	before := r.doubts.Load()
	lost := flood(300_000)
	t.Logf("%d of 300,000 did not fit", lost)
	r.until("all that fitted", func(d *notify.Document) bool { return d.Reader.Lines == uint64(310_000-lost) })
	if lost > 0 {
		r.until("a word about it", func(d *notify.Document) bool {
			return strings.Contains(d.Reader.Why, "the FIFO was full") && r.doubts.Load() > before
		})
	}
	for !write(vrrp, "INSTANCE \"VI\" FAULT 100\n") {
		time.Sleep(time.Millisecond)
	}
	d = r.until("the last event", is(notify.Fault))
	if len(d.History()) > 1000 {
		t.Errorf("%d events in the history", len(d.History()))
	}
}

// TestTruth has keepalived's last word wrong: the kernel has the last one.
func TestTruth(t *testing.T) {
	r := newRig(t)
	vs := notify.Virtual{Addr: netip.MustParseAddrPort("10.0.0.1:53"), Proto: "udp"}
	r.reader.Truth = func(context.Context) (func(notify.Server) (bool, bool), error) {
		return func(s notify.Server) (bool, bool) { return !s.Real.IsValid(), s.Virtual == vs }, nil
	}
	r.reader.Resync = 50 * time.Millisecond
	r.start()
	defer func() { r.stop() }()
	lvs := r.open(r.reader.LVS)
	// As after a reload that replaces every real server: VS DOWN is the last word (clear_diff_services).
	write(lvs, "VS [10.0.0.1]:udp:53 DOWN\nRS [10.1.0.5]:udp:53 [10.0.0.1]:udp:53 UP\nVS [group]:0 DOWN\n")
	d := r.until("the truth", func(d *notify.Document) bool { return len(d.Servers) == 3 && d.Servers[0].Up && !d.Servers[1].Up })
	if d.Servers[0].Source != notify.Resync || d.Servers[2].Up || d.Servers[2].Source != notify.FIFO {
		t.Errorf("%+v", d.Servers)
	}
}

func TestNoFIFO(t *testing.T) {
	r := newRig(t)
	if err := os.MkdirAll(filepath.Dir(r.reader.VRRP), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.reader.VRRP, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := r.reader.Run(t.Context(), make(chan bool, 9), func() {}, func() {})
	if err == nil || err.Error() != r.reader.VRRP+" is no FIFO: remove it" {
		t.Error(err)
	}
}

// FuzzPipe writes any bytes in any pieces: the reader never stops, and what comes after them counts.
func FuzzPipe(f *testing.F) {
	f.Add([]byte("INSTANCE \"VI\" MASTER 100\nGROUP"), uint64(1))
	f.Add([]byte("\x00\n\xff\"\n"), uint64(2))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		dir := t.TempDir()
		p := &pipe{path: filepath.Join(dir, "f"), check: 5 * time.Millisecond}
		if err := p.open(); err != nil {
			t.Fatal(err)
		}
		defer func() { p.file.Close() }()
		w, err := os.OpenFile(p.path, os.O_RDWR|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		random := rand.New(rand.NewPCG(seed, 1))
		last := notify.State("")
		read := func() {
			b := p.read(time.Millisecond)
			for _, l := range b.lines {
				if l.VRRP != nil && l.VRRP.Subject == vi {
					last = l.VRRP.State
				}
			}
		}
		for len(text) > 0 {
			n := 1 + random.IntN(len(text))
			_, _ = w.Write(text[:n])
			text = text[n:]
			read()
		}
		if _, err := w.WriteString("\nINSTANCE \"VI\" STOP 1\n"); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if last == notify.Stop {
				return
			}
			read()
		}
		t.Error("the last line was not read")
	})
}
