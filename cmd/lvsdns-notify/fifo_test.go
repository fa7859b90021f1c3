package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// service is the real reader of FIFOs, on a host that has the addresses of HERE and not those of ELSEWHERE.
type service struct {
	*testing.T
	dir string
	cmd *exec.Cmd
	log lockedBuffer
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newService(t *testing.T) *service {
	s := &service{T: t, dir: t.TempDir()}
	rule := func(states, to string) string {
		return "  - states: [" + states + "]\n    actions: [{command: {run: [/bin/sh, -c, 'echo " + to + " >" + s.dir + "/$LVSDNS_NAME.state']}}]\n"
	}
	s.write("keepalived.conf", "vrrp_instance HERE {\n\tinterface lo\n\tvirtual_ipaddress {\n\t\t127.0.0.1/8\n\t}\n}\n"+
		"vrrp_instance ELSEWHERE {\n\tinterface lo\n\tvirtual_ipaddress {\n\t\t192.0.2.1/32\n\t}\n}\n")
	s.write("notify.yaml", "timeout: 1m\nrules:\n"+rule("master", "active")+rule("backup, fault, stop", "passive"))
	s.start()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	})
	return s
}

func (s *service) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *service) start() {
	s.Helper()
	s.cmd = exec.Command(binary(), append(places(s.dir), "fifo", "--vrrp", filepath.Join(s.dir, "vrrp"))...)
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.until("the reader is there", func(d *notify.Document) bool { return d.Reader != nil && d.Reader.PID == s.cmd.Process.Pid })
}

func (s *service) signal(sig syscall.Signal) {
	s.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.Fatal(err)
	}
}

// open opens the FIFO as keepalived does: it never waits.
func (s *service) open() int {
	s.Helper()
	fd, err := syscall.Open(filepath.Join(s.dir, "vrrp"), syscall.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = syscall.Close(fd) })
	return fd
}

func (s *service) until(what string, ok func(*notify.Document) bool) *notify.Document {
	s.Helper()
	host := &journal.Journal{StateDir: filepath.Join(s.dir, "lib")}
	for n := 0; ; n++ {
		d, err := host.Read()
		if err == nil && ok(d) {
			return d
		}
		if n > 3000 {
			s.Fatalf("waited in vain for: %s; reader %+v, %v", what, d.Reader, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// settled waits until journal and actions are as the addresses are.
func (s *service) settled(after string) {
	s.Helper()
	s.until("the real state after "+after, func(d *notify.Document) bool {
		here, elsewhere := d.Record(notify.Subject{Kind: notify.Instance, Name: "HERE"}), d.Record(notify.Subject{Kind: notify.Instance, Name: "ELSEWHERE"})
		a, _ := os.ReadFile(filepath.Join(s.dir, "HERE.state"))
		b, _ := os.ReadFile(filepath.Join(s.dir, "ELSEWHERE.state"))
		return here != nil && elsewhere != nil && here.State == notify.Master && elsewhere.State != notify.Master && string(a) == "active\n" && string(b) == "passive\n"
	})
}

// events writes lines of random states, as fast as it can, and returns how many bytes and lines the FIFO has taken.
func events(fd, lines int) (taken int) {
	for range lines {
		text := fmt.Sprintf("INSTANCE \"%s\" %s 100\n", []string{"HERE", "ELSEWHERE"}[rand.IntN(2)], []string{"MASTER", "BACKUP", "FAULT"}[rand.IntN(3)])
		if n, err := syscall.Write(fd, []byte(text)); err == nil && n == len(text) {
			taken++
		}
	}
	return taken
}

// TestFIFOFlood writes 10,000 events at once: none is lost. With a reader that stands still meanwhile the FIFO gets full: keepalived drops what does
// not fit, the last word of both instances too; the reader says so, and what the addresses tell is what counts. It ends with rubbish.
func TestFIFOFlood(t *testing.T) {
	s := newService(t)
	fd := s.open()
	if taken := events(fd, 10_000); taken != 10_000 {
		t.Errorf("%d of 10,000 events fit", taken)
	}
	d := s.until("all 10,000", func(d *notify.Document) bool { return d.Reader.Lines == 10_000 })
	if d.Reader.Resyncs != 0 {
		t.Errorf("nothing was lost, and it says: %s", d.Reader.Why)
	}
	s.settled("10,000 events")

	s.signal(syscall.SIGSTOP)
	taken := events(fd, 100_000)
	s.signal(syscall.SIGCONT)
	if taken > 90_000 {
		t.Fatalf("%d of 100,000 events fit: it is not full", taken)
	}
	t.Logf("of 100,000 events with a reader that stands still %d fit", taken)
	d = s.until("all that fit", func(d *notify.Document) bool { return d.Reader.Lines == 10_000+uint64(taken) })
	if d.Reader.Resyncs == 0 || !strings.Contains(d.Reader.Why, "the FIFO was full: keepalived drops what does not fit") {
		t.Errorf("events are lost, and it says %q", d.Reader.Why)
	}
	s.settled("a FIFO that was full")

	rubbish := make([]byte, 60_000)
	for i := range rubbish {
		rubbish[i] = byte(rand.Uint32())
	}
	if _, err := syscall.Write(fd, append(rubbish, '\n')); err != nil {
		t.Error(err)
	}
	s.until("a word about rubbish", func(d *notify.Document) bool {
		return d.Reader.Garbage > 0 && strings.Contains(d.Reader.Why, "lines that mean nothing")
	})
	events(fd, 10)
	s.until("the events after it", func(d *notify.Document) bool { return d.Reader.Lines == 10_010+uint64(taken) })
	s.settled("rubbish")
}

// TestFIFORestarts ends the reader in the middle of events, and lets keepalived make the FIFO anew: while it reads, as at a reload, and while nobody
// reads, as when both are started again.
func TestFIFORestarts(t *testing.T) {
	s := newService(t)
	anew := func() int {
		if err := os.Remove(filepath.Join(s.dir, "vrrp")); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(filepath.Join(s.dir, "vrrp"), 0o600); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
		return s.open()
	}
	fd := s.open()
	for round := range 5 {
		events(fd, 1000)
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		events(fd, 10)
		if round%2 == 1 {
			fd = anew() // what was in the old one is lost
			events(fd, 10)
		}
		s.start()
		s.settled(fmt.Sprintf("restart %d of the reader", round+1))
	}
	before := s.until("peace", func(*notify.Document) bool { return true }).Reader.Resyncs
	for range 3 {
		events(fd, 100)
		fd = anew()
		events(fd, 100)
		d := s.until("a word about the new FIFO", func(d *notify.Document) bool {
			return d.Reader.Resyncs > before && strings.Contains(d.Reader.Why, "keepalived has made a new FIFO")
		})
		before = d.Reader.Resyncs
		s.settled("a reload")
	}
}
