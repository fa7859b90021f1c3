package act

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/words"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// Worker acts on the journal.
type Worker struct {
	Journal *journal.Journal
	Rules   []Rule
	Conf    string // keepalived.conf
	// Configure reads keepalived.conf. A configuration that can't be read is an error and, where there is one, what is known of it.
	Configure func(file string) (*notify.Configured, error)
	Held      func() ([]notify.Held, error)
	// Agree looks whether the parts of a service are on one node; nil if there are none. It is called after each round of actions.
	Agree func(context.Context, *notify.Document) []notify.Agreement
	Log   *slog.Logger
	// Failed is called for each action that has failed, with what it has printed. nil: nobody wants to know.
	Failed func(n notify.ActionNote, told string)
	Now    func() time.Time
	Poll   time.Duration // how often to look at the journal while actions run; 0: 25 ms
	// Changes brings other rules, agreements and ways to read keepalived.conf while Run runs. What is under way goes on as it was begun. nil: none come.
	Changes chan func(*Worker)

	jobs   map[notify.Subject]*underway
	done   chan result
	failed int
	// acted and event are what the journal would say, if it could be written.
	acted map[notify.Subject]notify.Acted
	event *notify.Event
	// read is the generation of the journal when it was last planned by; replan: not all of what was planned then could be begun.
	read    uint64
	replan  bool
	doubted map[notify.Subject]bool // by doubt that came while they were acted on
	trouble map[string]error        // by what it is with

	turn     *journal.Lock // nil: we act without it
	promised time.Time     // when we said last that we are at work
}

type underway struct {
	job     Job
	cancel  context.CancelCauseFunc
	replan  bool // its subject has been planned again meanwhile
	doubted bool // and not because its state has changed
}

// Once acts on what is in the journal, and on what gets there meanwhile, until nothing is left to do. e, if not nil, is the event that
// this is about; one that could not be written is added to what the journal says. It returns how many actions have failed, and what else went wrong. When ctx is
// cancelled, what was under way counts as not done.
func (w *Worker) Once(ctx context.Context, e *notify.Event, unwritten bool) (failed int, err error) {
	other, err := w.queue(ctx)
	switch {
	case other:
		return 0, nil
	case ctx.Err() != nil:
		return 0, fmt.Errorf("nothing done: %w", context.Cause(ctx))
	}
	defer w.endTurn()
	w.note("locks", err) // Without locks there is no order, but the addresses are as they are.
	w.start()
	if unwritten {
		w.event = e
	}
	w.round(ctx, about(e))
	for len(w.jobs) > 0 {
		w.wait(ctx)
	}
	w.insist(ctx)
	return w.failed, errors.Join(slices.Collect(maps.Values(w.trouble))...)
}

// insist looks whether the parts agree, and for a while again if they do not: keepalived may just be about to take real servers in, or HAProxy
// to start. It ends when somebody waits for the turn, who will look again.
func (w *Worker) insist(ctx context.Context) {
	const polls, times = 20, 20 // of 25 ms: every half second for ten seconds
	for n := 0; ctx.Err() == nil && !w.agree(ctx) && n < times; n++ {
		if waits, err := w.Journal.Kept(nextLock); waits && err == nil {
			return
		}
		w.work()
		select {
		case <-time.After(polls * w.Poll):
		case <-ctx.Done():
		}
		w.again(ctx)
		for len(w.jobs) > 0 {
			w.wait(ctx)
		}
	}
}

// about is doubt of the subject of an event, and of all that belong to it.
func about(e *notify.Event) Doubt {
	return func(d *notify.Document, s notify.Subject) bool {
		if e == nil || e.Kind == notify.Host || e.Subject == s {
			return true
		}
		if d.Configured == nil || e.Kind == s.Kind {
			return false
		}
		return slices.ContainsFunc(d.Configured.Groups, func(g notify.Grouping) bool {
			return e.Kind == notify.Group && g.Name == e.Name && slices.Contains(g.Members, s.Name) ||
				s.Kind == notify.Group && g.Name == s.Name && slices.Contains(g.Members, e.Name)
		})
	}
}

func (w *Worker) start() {
	w.jobs, w.done = map[notify.Subject]*underway{}, make(chan result)
	w.acted = map[notify.Subject]notify.Acted{}
	if w.Now == nil {
		w.Now = time.Now
	}
	if w.Poll == 0 {
		w.Poll = 25 * time.Millisecond
	}
}

// Run acts on each call of wake until ctx ends, and whenever the journal has changed. doubt makes it look at everything again.
func (w *Worker) Run(ctx context.Context, wake <-chan bool, beat func()) error {
	err := w.takeTurn(ctx)
	if ctx.Err() != nil {
		return nil
	}
	defer w.endTurn()
	w.note("locks", err)
	w.start()
	w.endAgreements()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	seen := journal.StampOf(w.Journal.Path())
	for {
		w.work()
		idle := false
		select {
		case <-ctx.Done():
			w.abandon()
			return nil
		case doubt := <-wake:
			w.round(ctx, func(*notify.Document, notify.Subject) bool { return doubt })
		case change := <-w.Changes:
			change(w)
			w.endAgreements()
			w.round(ctx, func(*notify.Document, notify.Subject) bool { return true })
		case r := <-w.done:
			w.finish(r)
			w.again(ctx)
		case <-tick.C:
			now := journal.StampOf(w.Journal.Path())
			if idle = now == seen; !idle {
				w.round(ctx, nil)
			}
		}
		if !idle && len(w.jobs) == 0 {
			w.agree(ctx)
		}
		seen = journal.StampOf(w.Journal.Path())
		beat()
	}
}

// round brings the journal up to date, and starts what has to be done.
func (w *Worker) round(ctx context.Context, doubt Doubt) {
	d := w.refresh()
	for _, job := range Plan(d, w.Rules, doubt) {
		if u := w.jobs[job.Subject]; u != nil {
			// It is planned again when it has ended. What was done before a doubt may be undone since.
			switch {
			case u.job.State != job.State || u.job.Transitions != job.Transitions:
				u.replan = true
				u.cancel(errSuperseded)
			case doubt != nil && doubt(d, job.Subject):
				u.replan, u.doubted = true, true
			}
			continue
		}
		jobCtx, cancel := context.WithCancelCause(ctx)
		w.jobs[job.Subject] = &underway{job: job, cancel: cancel}
		go func() { w.done <- run(jobCtx, job, w.Now) }()
	}
}

// refresh takes in the event, keepalived.conf if it has changed, and the addresses; it writes only what is new.
func (w *Worker) refresh() *notify.Document {
	d, err := w.Journal.Read()
	if err != nil {
		d = &notify.Document{}
	}
	w.read = d.Generation
	configured := d.Configured
	stale := !journal.Fresh(configured, w.Conf)
	if stale {
		var confErr error
		configured, confErr = w.Configure(w.Conf)
		w.note("configuration", confErr)
	}
	held, heldErr := w.Held()
	w.note("addresses", heldErr)
	change := func(d *notify.Document) {
		if stale {
			d.Configured = configured
		}
		if w.event != nil {
			d.Add(*w.event)
		}
		if heldErr == nil {
			d.Settle(held, w.Now())
		}
	}
	before, generation := states(d), d.Generation
	change(d)
	if err != nil || stale || d.Generation != generation || !maps.Equal(before, states(d)) {
		d, err = w.Journal.Update(change)
		w.note("journal", err)
		if err == nil {
			w.read = d.Generation
		}
	}
	for s, a := range w.acted {
		if r := d.Record(s); r != nil {
			r.Acted = a
		}
	}
	return d
}

type settled struct {
	state    notify.State
	held, of int
	disagree bool
}

func states(d *notify.Document) map[notify.Subject]settled {
	all := map[notify.Subject]settled{}
	for _, r := range d.Records {
		all[r.Subject] = settled{r.State, r.Held, r.Of, r.Disagree}
	}
	return all
}

// wait goes on when a job has ended or the journal has changed.
func (w *Worker) wait(ctx context.Context) {
	w.work()
	poll := time.NewTimer(w.Poll)
	defer poll.Stop()
	select {
	case r := <-w.done:
		w.finish(r)
		w.again(ctx)
	case <-poll.C:
		w.again(ctx)
	}
}

// again plans anew when something has happened since the last plan.
func (w *Worker) again(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	if d, err := w.Journal.Read(); !w.replan && (err != nil || d.Generation == w.read) {
		return
	}
	doubted := w.doubted
	w.replan, w.doubted = false, nil
	w.round(ctx, func(_ *notify.Document, s notify.Subject) bool { return doubted[s] })
}

// finish puts the results of a job into the journal.
func (w *Worker) finish(r result) {
	u := w.jobs[r.job.Subject]
	u.cancel(nil)
	delete(w.jobs, r.job.Subject)
	w.replan = w.replan || u.replan || r.superseded
	if u.doubted {
		if w.doubted == nil {
			w.doubted = map[notify.Subject]bool{}
		}
		w.doubted[r.job.Subject] = true
	}
	for i, n := range r.notes {
		if !n.OK && !r.superseded {
			w.failed++
			if w.Failed != nil {
				w.Failed(n, r.told[i])
			}
		}
		w.log(n, r.told[i], r.superseded)
	}
	acted := notify.Acted{State: r.job.State, Transitions: r.job.Transitions}
	if !r.superseded {
		w.acted[r.job.Subject] = acted
	}
	_, err := w.Journal.Update(func(d *notify.Document) {
		for _, n := range r.notes {
			if n.OK || !r.superseded { // What was called off has not failed.
				d.Note(n)
			}
		}
		for _, f := range r.found {
			d.Found(f.Key, f.Found, f.At)
		}
		if rec := d.Record(r.job.Subject); rec != nil && !r.superseded {
			rec.Acted = acted
		}
	})
	w.note("journal", err)
}

func (w *Worker) log(n notify.ActionNote, told string, superseded bool) {
	if w.Log == nil {
		return
	}
	args := []any{"action", n.Action, "for", n.Subject.String(), "state", n.State}
	if told != "" {
		args = append(args, "output", told)
	}
	switch {
	case n.OK:
		w.Log.Info("done", append(args, "result", n.Result)...)
	case superseded:
		w.Log.Info("called off", append(args, "result", n.Result)...)
	default:
		w.Log.Error("failed", append(args, "error", n.Result)...)
	}
}

// abandon ends the jobs that are under way.
func (w *Worker) abandon() {
	for _, u := range w.jobs {
		u.cancel(nil)
	}
	for len(w.jobs) > 0 {
		w.finish(<-w.done)
	}
}

// note keeps trouble that is not an action's, and reports it when it begins and when it changes.
func (w *Worker) note(with string, err error) {
	if err == nil {
		delete(w.trouble, with)
		return
	}
	old := w.trouble[with]
	if w.trouble == nil {
		w.trouble = map[string]error{}
	}
	w.trouble[with] = err
	if w.Log != nil && (old == nil || old.Error() != err.Error()) {
		w.Log.Error("trouble", "with", with, "error", words.OneLine(err))
	}
}
