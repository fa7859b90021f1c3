package act

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// service is a worker that runs for as long as the test likes.
type service struct {
	*scene
	t    *testing.T
	w    *Worker
	wake chan bool
	stop func()

	noted sync.Mutex
	done  []string
}

func newService(t *testing.T) *service {
	s := &service{scene: &scene{dir: t.TempDir()}, t: t, wake: make(chan bool)}
	s.w = s.worker([]Rule{
		{Instances: []string{"VI_DNS"}, States: []notify.State{notify.Master}, Steps: []Step{s.step("steady", true), s.step("once", false)}},
		{Instances: []string{"VI_DNS"}, States: []notify.State{notify.Backup, notify.Fault}, Steps: []Step{s.step("passive", true)}},
	})
	s.w.Changes = make(chan func(*Worker))
	return s
}

func (s *service) step(name string, steady bool) Step {
	return Step{Name: name, Steady: steady, Timeout: time.Minute, Action: do(func(_ context.Context, c Call) (string, error) {
		s.noted.Lock()
		defer s.noted.Unlock()
		s.done = append(s.done, name)
		return string(c.State), nil
	})}
}

func (s *service) run() {
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.w.Run(ctx, s.wake, func() {}) }()
	s.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	}
}

// until waits for the actions that were done, in any order.
func (s *service) until(what, want string) {
	s.t.Helper()
	for n := 0; ; n++ {
		s.noted.Lock()
		got := strings.Join(s.done, " ")
		is := got == want || got == strings.Join(reversed(strings.Fields(want)), " ")
		if is {
			s.done = nil
		}
		s.noted.Unlock()
		if is {
			return
		}
		if n > 1500 {
			s.t.Fatalf("%s: done %q, want %q", what, got, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func reversed(all []string) (back []string) {
	for _, s := range all {
		back = append([]string{s}, back...)
	}
	return back
}

// hook notes an event beside the worker, as a script does.
func (s *service) hook(state notify.State, n int) {
	s.t.Helper()
	j := &journal.Journal{StateDir: s.w.Journal.StateDir, RunDir: s.w.Journal.RunDir, Boot: "b"}
	if _, err := j.Append(said(dns, state, n), func(d *notify.Document) { _ = d.Look(s.addresses, time.Now()) }); err != nil {
		s.t.Fatal(err)
	}
}

// What makes the worker look again while an action is under way is not forgotten when the action ends.
func TestRunMeanwhile(t *testing.T) {
	for _, test := range []struct {
		name, want string
		meanwhile  func(*service)
	}{
		{name: "nothing", meanwhile: func(*service) {}, want: "slow"},
		{name: "a look without doubt", meanwhile: func(s *service) { s.wake <- false }, want: "slow"},
		{name: "doubt", meanwhile: func(s *service) { s.wake <- true }, want: "slow slow"},
		{name: "doubt, twice", meanwhile: func(s *service) { s.wake <- true; s.wake <- true }, want: "slow slow"},
		{name: "other rules", meanwhile: func(s *service) {
			s.w.Changes <- func(w *Worker) {
				w.Rules = []Rule{{Instances: []string{"VI_DNS"}, States: []notify.State{notify.Master}, Steps: []Step{s.step("other", true)}}}
			}
		}, want: "slow other"},
		{name: "the addresses go", meanwhile: func(s *service) { s.hold(); s.wake <- false }, want: "slow passive"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newService(t)
			s.hold("192.0.2.53")
			begun, goOn := make(chan struct{}, 3), make(chan struct{})
			slow := s.step("slow", true)
			note := slow.Action
			slow.Action = do(func(ctx context.Context, c Call) (string, error) {
				begun <- struct{}{}
				<-goOn
				return note.Do(ctx, c)
			})
			s.w.Rules[0].Steps = []Step{slow}
			s.run()
			s.wake <- false
			<-begun
			test.meanwhile(s)
			s.wake <- false // Only one that is done with the last takes the next.
			close(goOn)
			s.until("the action ends", test.want)
			time.Sleep(300 * time.Millisecond) // so that one too many shows
			s.until("and nothing else", "")
			s.stop()
		})
	}
}

// TestRunForGood has the worker beside the reader of FIFOs: what hooks note is acted on, and doubt has steady actions done again.
func TestRunForGood(t *testing.T) {
	s := newService(t)
	s.hold("192.0.2.53", "192.0.2.80")
	s.run()
	s.wake <- true
	s.until("the first look", "steady once")
	s.wake <- false
	s.wake <- true
	s.until("doubt", "steady")
	s.hold()
	s.hook(notify.Fault, 1)
	s.until("a hook has noted that the addresses are gone", "passive")
	s.hold("192.0.2.53", "192.0.2.80")
	s.wake <- false
	s.until("the addresses are back, and keepalived has said nothing", "steady once")

	s.w.Changes <- func(w *Worker) {
		w.Rules = []Rule{{States: []notify.State{notify.Master}, Steps: []Step{s.step("other", true)}}}
	}
	s.until("other rules", "other other") // of both instances
	s.stop()
	lock, err := s.w.Journal.TryLock(turnLock)
	if err != nil || lock == nil {
		t.Errorf("the turn is kept: %v", err)
	}
}

// TestRunEnds: what is under way when the service ends is called off, and is done by the next.
func TestRunEnds(t *testing.T) {
	s := newService(t)
	begun := make(chan struct{})
	s.w.Rules = []Rule{{Instances: []string{"VI_DNS"}, States: []notify.State{notify.Backup}, Steps: []Step{{Name: "long", Timeout: time.Hour, Action: do(func(ctx context.Context, _ Call) (string, error) {
		close(begun)
		<-ctx.Done()
		return "", ctx.Err()
	})}}}}
	s.run()
	s.wake <- false
	<-begun
	s.stop()
	d, err := s.w.Journal.Read()
	if err != nil || len(d.Actions) != 0 || d.Record(dns).Acted.State != "" {
		t.Errorf("%+v %+v, %v", d.Actions, d.Record(dns), err)
	}
}

// TestEndAgreements: agreements that are in the settings no more are not shown for good.
func TestEndAgreements(t *testing.T) {
	s := newService(t)
	if _, err := s.w.Journal.Update(func(d *notify.Document) { d.Agreements = []notify.Agreement{{Subject: vg}} }); err != nil {
		t.Fatal(err)
	}
	s.w.Agree = func(context.Context, *notify.Document) []notify.Agreement { return nil }
	s.w.endAgreements()
	if d, err := s.w.Journal.Read(); err != nil || len(d.Agreements) != 1 {
		t.Errorf("somebody looks after them: %+v, %v", d.Agreements, err)
	}
	s.w.Agree = nil
	s.w.endAgreements()
	if d, err := s.w.Journal.Read(); err != nil || len(d.Agreements) != 0 {
		t.Errorf("%+v, %v", d.Agreements, err)
	}
}

// TestRefresh: keepalived.conf is read when it has changed; trouble with it, or with addresses, is kept until it is over.
func TestRefresh(t *testing.T) {
	s := &scene{dir: t.TempDir()}
	w := s.worker(nil)
	w.start()
	var log bytes.Buffer
	w.Log = slog.New(slog.NewTextHandler(&log, nil))
	reads, confErr, heldErr := 0, error(nil), error(nil)
	configure := w.Configure
	w.Configure = func(file string) (*notify.Configured, error) { c, _ := configure(file); reads++; return c, confErr }
	w.Held = func() ([]notify.Held, error) { return s.held, heldErr }
	trouble := func() string {
		var all []string
		for _, with := range []string{"configuration", "addresses", "journal"} {
			if err := w.trouble[with]; err != nil {
				all = append(all, with+": "+err.Error())
			}
		}
		return strings.Join(all, "; ")
	}
	for _, tt := range []struct {
		name    string
		change  func()
		reads   int
		state   notify.State
		trouble string
	}{
		{"at first", func() {}, 1, notify.Backup, ""},
		{"nothing has changed", func() {}, 1, notify.Backup, ""},
		{"the address is here", func() { s.hold("192.0.2.53") }, 1, notify.Master, ""},
		{"keepalived.conf is there", func() { _ = os.WriteFile(w.Conf, []byte("x"), 0o644); confErr = errors.New("line 1") }, 2, notify.Master, "configuration: line 1"},
		{"addresses can't be read", func() { s.hold(); heldErr = errors.New("no netlink") }, 2, notify.Master, "configuration: line 1; addresses: no netlink"},
		{"they can", func() { heldErr = nil }, 2, notify.Backup, "configuration: line 1"},
		{"keepalived.conf is mended", func() { _ = os.WriteFile(w.Conf, []byte("longer"), 0o644); confErr = nil }, 3, notify.Backup, ""},
	} {
		tt.change()
		d := w.refresh()
		if got := d.Record(dns).State; reads != tt.reads || got != tt.state || trouble() != tt.trouble {
			t.Errorf("%s: read %d times, %s, %q; want %d, %s, %q", tt.name, reads, got, trouble(), tt.reads, tt.state, tt.trouble)
		}
		if on, err := w.Journal.Read(); err != nil || on.Record(dns).State != tt.state {
			t.Errorf("%s: it is not in the journal: %v", tt.name, err)
		}
	}
	if n := strings.Count(log.String(), "msg=trouble"); n != 2 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
}

// TestQueue: one has the turn and one waits; the third may go, for whoever waits sees what it has noted. One who waits and hangs is not believed.
func TestQueue(t *testing.T) {
	s := &scene{dir: t.TempDir()}
	first, other := s.worker(nil), s.worker(nil)
	if gone, err := first.queue(t.Context()); gone || err != nil || first.turn == nil {
		t.Fatal(gone, err)
	}
	waits, err := first.Journal.TryLock(nextLock)
	if err != nil || waits == nil {
		t.Fatal("whoever has the turn waits for it too", err)
	}
	waits.Promise(time.Minute)
	if gone, err := other.queue(t.Context()); !gone || err != nil || other.turn != nil {
		t.Errorf("somebody waits: %t, %v", gone, err)
	}
	first.endTurn()
	if first.turn != nil {
		t.Error("the turn is kept")
	}
	waits.Promise(-time.Minute)
	if gone, err := other.queue(t.Context()); gone || !errors.Is(err, journal.ErrUnbelieved) || other.turn == nil {
		t.Errorf("somebody waits and hangs: %t, %v", gone, err)
	}
	waits.Release()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if gone, err := first.queue(ended); gone || err == nil || !strings.Contains(err.Error(), "acting beside somebody else") || first.turn != nil {
		t.Errorf("told to end while somebody has the turn: %t, %v", gone, err)
	}
	other.endTurn()
}

// TestFailed: whoever wants to know hears of each action that has failed, with what it has printed; the journal has less.
func TestFailed(t *testing.T) {
	s := &scene{dir: t.TempDir()}
	w := s.worker([]Rule{{Instances: []string{"VI_DNS"}, States: []notify.State{notify.Backup}, Steps: []Step{
		{Name: "a", Timeout: time.Minute, Action: do(func(_ context.Context, c Call) (string, error) {
			c.Tell("first line")
			c.Tell("second line")
			c.Found("net.x", "30")
			return "", errors.New("status 3")
		})},
		{Name: "b", Timeout: time.Minute, Action: do(func(_ context.Context, c Call) (string, error) { c.Tell("fine"); return "done", nil })},
	}}})
	var log bytes.Buffer
	w.Log = slog.New(slog.NewTextHandler(&log, nil))
	var heard []string
	w.Failed = func(n notify.ActionNote, told string) {
		heard = append(heard, fmt.Sprint(n.Action, ": ", n.Result, ": ", told))
	}
	if n, err := w.Once(t.Context(), nil, false); n != 1 || err != nil {
		t.Errorf("%d failed, %v", n, err)
	}
	if len(heard) != 1 || heard[0] != "a: status 3: first line; second line" {
		t.Errorf("%q", heard)
	}
	text, err := os.ReadFile(filepath.Join(w.Journal.StateDir, journal.File))
	if err != nil || bytes.Contains(text, []byte("second line")) || !bytes.Contains(text, []byte(`sysctl "net.x" "30"`)) {
		t.Errorf("%s, %v", text, err)
	}
	for _, want := range []string{`level=ERROR msg=failed action=a for="instance VI_DNS" state=backup output="first line; second line" error="status 3"`, "level=INFO msg=done action=b", "output=fine"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in\n%s", want, log.String())
		}
	}
}
