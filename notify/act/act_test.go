package act

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

var (
	dns = notify.Subject{Kind: notify.Instance, Name: "VI_DNS"}
	vg  = notify.Subject{Kind: notify.Group, Name: "VG"}
)

func at(s string) notify.Address {
	return notify.Address{Addr: netip.MustParseAddr(s), Interfaces: []string{"eth0"}}
}

func configured() *notify.Configured {
	return &notify.Configured{
		Instances: []notify.Owner{
			{Name: "VI_DNS", Addresses: []notify.Address{at("192.0.2.53")}},
			{Name: "VI_HTTP", Addresses: []notify.Address{at("192.0.2.80")}},
		},
		Groups: []notify.Grouping{{Name: "VG", Members: []string{"VI_HTTP", "VI_DNS"}}},
	}
}

func said(s notify.Subject, state notify.State, n int) notify.Event {
	return notify.Event{Subject: s, State: state, Source: notify.Script, Mark: notify.Mark{Born: time.Duration(n), PID: n}}
}

// do is an action made of a function.
type do func(context.Context, Call) (string, error)

func (f do) Do(ctx context.Context, c Call) (string, error) { return f(ctx, c) }

func nothing(context.Context, Call) (string, error) { return "nothing", nil }

func TestPlan(t *testing.T) {
	step := func(name string, steady bool) Step { return Step{Name: name, Action: do(nothing), Steady: steady} }
	master := []notify.State{notify.Master}
	rules := []Rule{
		{States: master, Steps: []Step{step("sysctl", true), step("hook", false)}},
		{Instances: []string{"VI_DNS"}, States: master, Steps: []Step{step("hook", false)}},
		{Groups: []string{"VG"}, States: []notify.State{notify.Backup, notify.Fault, notify.Stop}, Steps: []Step{step("haproxy", true)}},
	}
	tests := []struct {
		name  string
		held  []string
		acted bool
		doubt Doubt
		want  string
	}{
		{name: "owner", held: []string{"192.0.2.53", "192.0.2.80"}, want: "instance VI_DNS master: sysctl hook hook 2; instance VI_HTTP master: sysctl hook; group VG master:"},
		{name: "not the owner", want: "instance VI_DNS backup:; instance VI_HTTP backup:; group VG backup: haproxy"},
		{name: "acted on", acted: true, held: []string{"192.0.2.53", "192.0.2.80"}, want: ""},
		{name: "acted on, in doubt", acted: true, held: []string{"192.0.2.53", "192.0.2.80"}, doubt: func(*notify.Document, notify.Subject) bool { return true },
			want: "instance VI_DNS master: sysctl; instance VI_HTTP master: sysctl"},
		{name: "in doubt about one", acted: true, held: []string{"192.0.2.53", "192.0.2.80"}, doubt: func(_ *notify.Document, s notify.Subject) bool { return s == dns },
			want: "instance VI_DNS master: sysctl"},
	}
	for _, tt := range tests {
		d := &notify.Document{Configured: configured()}
		d.Add(said(dns, notify.Backup, 1))
		var held []notify.Held
		for _, a := range tt.held {
			held = append(held, notify.Held{Addr: netip.MustParseAddr(a), Interface: "eth0"})
		}
		d.Settle(held, time.Unix(1, 0))
		if tt.acted {
			for _, r := range d.Records {
				r.Acted = notify.Acted{State: r.Effective(), Transitions: r.Total()}
			}
		}
		var got []string
		for _, j := range Plan(d, rules, tt.doubt) {
			line := fmt.Sprintf("%s %s:", j.Subject, j.State)
			for _, s := range j.Steps {
				line += " " + s.Name
			}
			got = append(got, line)
		}
		if s := strings.Join(got, "; "); s != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, s, tt.want)
		}
	}
}

// TestRun has actions that fail, hang, panic and go on: each is reported, and none is in the way of the others.
func TestRun(t *testing.T) {
	var order []string
	var mu sync.Mutex
	note := func(name string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, name)
	}
	stuck := make(chan struct{})
	defer close(stuck)
	job := Job{Call: Call{Subject: dns, State: notify.Master}, Steps: []Step{
		{Name: "works", Action: do(func(context.Context, Call) (string, error) { note("works"); return "did it", nil }), Timeout: time.Minute},
		{Name: "fails", Action: do(func(context.Context, Call) (string, error) { return "", errors.New("no such thing") }), Timeout: time.Minute},
		{Name: "hangs", Action: do(func(context.Context, Call) (string, error) { <-stuck; return "", nil }), Timeout: 30 * time.Millisecond},
		{Name: "heeds", Action: do(func(ctx context.Context, _ Call) (string, error) { <-ctx.Done(); return "", errors.New("half done") }), Timeout: 30 * time.Millisecond},
		{Name: "bug", Action: do(func(context.Context, Call) (string, error) { panic("oh") }), Timeout: time.Minute},
		{Name: "after", After: true, Action: do(func(context.Context, Call) (string, error) { note("after"); return "last", nil }), Timeout: time.Minute},
	}}
	r := run(t.Context(), job, time.Now)
	want := []string{"true did it", "false no such thing", "false not done after 30ms", "false not done after 30ms: half done", "false bug: oh", "true last"}
	for i, n := range r.notes {
		if got := fmt.Sprint(n.OK, " ", n.Result); got != want[i] && !strings.HasPrefix(got, want[i]+" at ") {
			t.Errorf("%s: %s, want %s", n.Action, got, want[i])
		}
	}
	if !reflect.DeepEqual(order, []string{"works", "after"}) || r.superseded {
		t.Error(order, r.superseded)
	}
}

// scene is a host with addresses and a worker on it.
type scene struct {
	mu   sync.Mutex
	held []notify.Held
	dir  string
}

func (s *scene) hold(addrs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = nil
	for _, a := range addrs {
		s.held = append(s.held, notify.Held{Addr: netip.MustParseAddr(a), Interface: "eth0"})
	}
}

func (s *scene) addresses() ([]notify.Held, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held, nil
}

func (s *scene) worker(rules []Rule) *Worker {
	conf := filepath.Join(s.dir, "keepalived.conf")
	return &Worker{
		Journal: &journal.Journal{StateDir: filepath.Join(s.dir, "lib"), RunDir: filepath.Join(s.dir, "run"), Boot: "b"},
		Rules:   rules, Conf: conf, Held: s.addresses, Poll: 5 * time.Millisecond,
		Configure: func(file string) (*notify.Configured, error) {
			c := configured()
			c.File, c.Stamps = file, []notify.Stamp{journal.StampOf(file)}
			return c, nil
		},
	}
}

func both(master, backup do) []Rule {
	others := []notify.State{notify.Backup, notify.Fault, notify.Stop}
	return []Rule{
		{Instances: []string{"VI_DNS"}, States: []notify.State{notify.Master}, Steps: []Step{{Name: "a", Action: master, Timeout: time.Minute}}},
		{Instances: []string{"VI_DNS"}, States: others, Steps: []Step{{Name: "a", Action: backup, Timeout: time.Minute}}},
	}
}

func TestOnce(t *testing.T) {
	s := &scene{dir: t.TempDir()}
	var masters, backups atomic.Int32
	w := func() *Worker {
		return s.worker(both(
			func(_ context.Context, c Call) (string, error) {
				if len(c.Addresses) != 1 || c.Addresses[0].Addr.String() != "192.0.2.53" {
					t.Errorf("%+v", c)
				}
				masters.Add(1)
				return "", nil
			},
			func(context.Context, Call) (string, error) { backups.Add(1); return "", errors.New("broken") }))
	}
	once := func(e notify.Event, failed int) {
		t.Helper()
		if n, err := w().Once(t.Context(), &e, true); n != failed || err != nil {
			t.Errorf("%d failed, %v", n, err)
		}
	}
	s.hold("192.0.2.53", "192.0.2.80")
	once(said(dns, notify.Backup, 1), 0) // argv is wrong: the address is here
	if masters.Load() != 1 || backups.Load() != 0 {
		t.Error("the arguments were trusted")
	}
	once(said(dns, notify.Backup, 1), 0) // the same event again
	if masters.Load() != 1 {
		t.Error("done twice for one transition")
	}
	s.hold()
	once(said(dns, notify.Master, 2), 1)
	d, err := w().Journal.Read()
	if err != nil || backups.Load() != 1 || d.Record(dns).State != notify.Backup || !d.Record(dns).Disagree {
		t.Errorf("%d, %+v %v", backups.Load(), d.Record(dns), err)
	}
	if a := d.Actions[0]; a.OK || a.Runs != 2 || a.Failures != 1 || a.Result != "broken" {
		t.Errorf("%+v", a)
	}
}

// TestSuperseded has the address move while an action for the old state hangs.
func TestSuperseded(t *testing.T) {
	s := &scene{dir: t.TempDir()}
	begun, ended := make(chan struct{}), make(chan error, 1)
	rules := both(
		func(ctx context.Context, _ Call) (string, error) {
			close(begun)
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return "", ctx.Err()
		}, func(context.Context, Call) (string, error) { return "passive", nil })
	s.hold("192.0.2.53", "192.0.2.80")
	w := s.worker(rules)
	e1 := said(dns, notify.Master, 1)
	failed := make(chan int)
	go func() {
		n, err := w.Once(t.Context(), &e1, true)
		if err != nil {
			t.Error(err)
		}
		failed <- n
	}()
	<-begun
	s.hold()
	// The second hook only notes its event, and finds somebody at work.
	journal := s.worker(nil).Journal
	if _, err := journal.Append(said(dns, notify.Backup, 2), func(d *notify.Document) { _ = d.Look(s.addresses, time.Now()) }); err != nil {
		t.Fatal(err)
	}
	if n := <-failed; n != 0 {
		t.Errorf("%d failed", n)
	}
	if err := <-ended; !errors.Is(err, errSuperseded) {
		t.Error(err)
	}
	d, _ := journal.Read()
	if a := d.Actions[0]; !a.OK || a.State != notify.Backup || a.Result != "passive" {
		t.Errorf("%+v", a)
	}
}

// TestUnwritable acts without a journal, on what is real.
func TestUnwritable(t *testing.T) {
	s := &scene{dir: t.TempDir()}
	var masters atomic.Int32
	w := s.worker(both(func(context.Context, Call) (string, error) { masters.Add(1); return "", nil }, nothing))
	w.Journal.StateDir = "/dev/null/lib"
	s.hold("192.0.2.53", "192.0.2.80")
	e := said(dns, notify.Master, 1)
	_, err := w.Once(t.Context(), &e, true)
	var journal *journal.Error
	if masters.Load() != 1 || !errors.As(err, &journal) {
		t.Errorf("%d, %v", masters.Load(), err)
	}
}

// TestCalledOff ends a run in the middle: what was under way is done by the next.
func TestCalledOff(t *testing.T) {
	s := &scene{dir: t.TempDir()}
	ctx, cancel := context.WithCancel(t.Context())
	w := s.worker(both(nothing, func(ctx context.Context, _ Call) (string, error) { cancel(); <-ctx.Done(); return "", ctx.Err() }))
	e := said(dns, notify.Stop, 1)
	if n, err := w.Once(ctx, &e, true); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	w = s.worker(both(nothing, func(context.Context, Call) (string, error) { return "done", nil }))
	if n, err := w.Once(t.Context(), &e, true); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	d, _ := w.Journal.Read()
	if a := d.Actions[0]; !a.OK || a.State != notify.Stop || a.Runs != 1 {
		t.Errorf("%+v", a)
	}
}

// TestManyWorkers has many at once, and states that change all the time: the last state is what is left.
func TestManyWorkers(t *testing.T) {
	s := &scene{dir: t.TempDir()}
	var state atomic.Value
	state.Store("")
	set := func(to string) do {
		return func(context.Context, Call) (string, error) { state.Store(to); return to, nil }
	}
	rules := both(set("active"), set("passive"))
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			is := notify.Master
			if i%3 == 0 {
				is = notify.Backup
			}
			e := said(dns, is, i+1)
			w := s.worker(rules)
			if _, err := w.Journal.Append(e, func(d *notify.Document) { _ = d.Look(s.addresses, time.Now()) }); err != nil {
				t.Error(err)
			}
			if i%7 == 0 {
				s.hold("192.0.2.53", "192.0.2.80")
			} else {
				s.hold()
			}
			if _, err := w.Once(t.Context(), &e, true); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s.hold("192.0.2.53", "192.0.2.80")
	e := said(dns, notify.Backup, 1000)
	if _, err := s.worker(rules).Once(t.Context(), &e, true); err != nil || state.Load() != "active" {
		t.Errorf("%v %v", state.Load(), err)
	}
}
