package fifo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/words"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// Reader reads the FIFOs into the journal.
type Reader struct {
	VRRP, LVS string // paths; LVS may be empty
	Journal   *journal.Journal
	// Truth reads what the kernel has, and tells of a server whether it is up; known is false where that can't be told. nil: nobody knows.
	Truth  func(context.Context) (func(notify.Server) (up, known bool), error)
	Resync time.Duration // how often to look at the host without a reason; 0: 10 s
	// After is called when servers may have changed, and every second.
	After func(context.Context)
	// Changes brings other settings, but for the paths and the journal, while Run runs: nothing that is in a FIFO is lost. nil: none come.
	Changes chan func(*Reader)
	Log     *slog.Logger
	Now     func() time.Time

	note notify.ReaderNote
	said string // of the truth
}

// Run reads until ctx ends. It wakes whoever acts, with true if there is doubt, calls ready when the first look is done, and beat while all
// is well.
func (r *Reader) Run(ctx context.Context, wake chan<- bool, ready func(), beat func()) error {
	lock, err := r.lock()
	if err != nil {
		return err
	}
	if lock != nil {
		defer lock.Release()
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := make(chan batch)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	pulse := r.start(ctx, &wg, cancel, batches)

	r.note = notify.ReaderNote{PID: os.Getpid(), Started: r.Now()}
	if d, err := r.Journal.Read(); err == nil && d.Reader != nil {
		old := d.Reader
		r.note.Lines, r.note.Garbage, r.note.Resyncs, r.note.Why, r.note.At = old.Lines, old.Garbage, old.Resyncs, old.Why, old.At
	}
	r.take(ctx, batch{}, true)
	r.wake(ctx, wake, true)
	ready()
	return r.loop(ctx, batches, wake, func() {
		if lock != nil {
			lock.Promise(minute)
		}
		if pulse() {
			beat()
		}
	})
}

// minute is how long hooks leave it to a reader that is not heard of: as long as systemd does.
const minute = time.Minute

// lock says that the reader is here. Where no lock can be relied on, the hooks act beside it: nil.
func (r *Reader) lock() (*journal.Lock, error) {
	dir, trouble := r.Journal.Locks()
	lock, err := journal.TryLock(dir, journal.ReaderLock)
	if err == nil && lock == nil {
		if journal.Believe(dir, journal.ReaderLock) {
			return nil, errors.New("another reader of the FIFOs runs on this host: there can be one")
		}
		err = fmt.Errorf("%s: %w", filepath.Join(dir, journal.ReaderLock), journal.ErrUnbelieved)
	}
	if lock != nil {
		lock.Promise(minute)
	}
	if err = errors.Join(trouble, err); err != nil && r.Log != nil {
		r.Log.Error("trouble", "with", "locks", "error", words.OneLine(err))
	}
	return lock, nil
}

// start begins to read each FIFO. What it returns says whether all of them are read.
func (r *Reader) start(ctx context.Context, wg *sync.WaitGroup, cancel context.CancelCauseFunc, batches chan<- batch) func() bool {
	var beats []*atomic.Int64
	var opened sync.WaitGroup
	for _, path := range []string{r.VRRP, r.LVS} {
		if path == "" {
			continue
		}
		last := new(atomic.Int64)
		beats = append(beats, last)
		p := &pipe{path: path, check: 250 * time.Millisecond}
		opened.Add(1)
		once := sync.OnceFunc(opened.Done)
		wg.Go(func() {
			defer once()
			if err := p.run(ctx, batches, func() { last.Store(time.Now().UnixNano()) }, once); err != nil {
				cancel(err)
			}
		})
	}
	opened.Wait() // The FIFOs are there before keepalived is started after us.
	return func() bool {
		for _, b := range beats {
			if time.Since(time.Unix(0, b.Load())) > 5*time.Second {
				return false
			}
		}
		return true
	}
}

func (r *Reader) loop(ctx context.Context, batches <-chan batch, wake chan<- bool, beat func()) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	resync := time.NewTicker(r.every())
	defer resync.Stop()
	for {
		select {
		case <-ctx.Done():
			if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		case b := <-batches:
			r.take(ctx, b, len(b.doubts) > 0)
			r.wake(ctx, wake, len(b.doubts) > 0)
		case change := <-r.Changes:
			change(r)
			resync.Reset(r.every())
			r.servers(ctx)
		case <-resync.C:
			r.servers(ctx)
			r.wake(ctx, wake, false)
		case <-second.C:
		}
		if r.After != nil {
			r.After(ctx)
		}
		beat()
	}
}

func (r *Reader) every() time.Duration { return cmp.Or(r.Resync, 10*time.Second) }

func (r *Reader) wake(ctx context.Context, wake chan<- bool, doubt bool) {
	select {
	case wake <- doubt:
	case <-ctx.Done():
	}
}

// take puts what was read into the journal, in one write.
func (r *Reader) take(ctx context.Context, b batch, doubt bool) {
	now := r.Now()
	r.note.Lines += uint64(len(b.lines))
	r.note.Garbage += uint64(b.garbage)
	if len(b.doubts) > 0 {
		r.note.Resyncs++
		r.note.Why, r.note.At = strings.Join(b.doubts, "; "), now
		if b.example != "" {
			r.note.Why += ": " + b.example
		}
		if r.Log != nil {
			r.Log.Warn("something may be missing: looking at the host", "why", r.note.Why)
		}
	}
	mark := notify.Mark{Born: journal.SinceBoot()}
	_, err := r.Journal.Update(func(d *notify.Document) {
		for _, l := range b.lines {
			if l.LVS != nil {
				d.Serve(*l.LVS, notify.FIFO, now)
				continue
			}
			e := *l.VRRP
			e.Source, e.Mark, e.At = notify.FIFO, mark, now
			d.Add(e)
		}
		note := r.note
		d.Reader = &note
	})
	if err != nil && r.Log != nil {
		r.Log.Error("trouble", "error", words.OneLine(err))
	}
	if doubt {
		r.servers(ctx)
	}
}

// servers puts right what the journal has of real servers: keepalived says nothing of them when it starts and when it stops,
// and after some reloads what it has said last of a virtual server is wrong.
func (r *Reader) servers(ctx context.Context) {
	if r.Truth == nil {
		return
	}
	truth, err := r.Truth(ctx)
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != r.said && text != "" && r.Log != nil {
		r.Log.Warn("the IPVS table can't be read: servers are as keepalived said last", "error", text)
	}
	if r.said = text; err != nil {
		return
	}
	d, err := r.Journal.Read()
	if err != nil {
		return
	}
	var wrong []notify.ServerEvent
	for _, n := range d.Servers {
		if up, known := truth(n.Server); known && up != n.Up {
			wrong = append(wrong, notify.ServerEvent{Server: n.Server, Up: up})
		}
	}
	now := r.Now()
	if len(wrong) == 0 && !slices.ContainsFunc(d.Servers, func(n *notify.ServerNote) bool { return gone(n, now) }) {
		return
	}
	if r.Log != nil && len(wrong) > 0 {
		r.Log.Warn("keepalived's last word on servers was not true any more", "servers", fmt.Sprint(len(wrong)), "such as", wrong[0].Virtual.String())
	}
	_, _ = r.Journal.Update(func(d *notify.Document) {
		for _, e := range wrong {
			d.Serve(e, notify.Resync, now)
		}
		d.Servers = slices.DeleteFunc(d.Servers, func(n *notify.ServerNote) bool { return gone(n, now) })
	})
}

// gone is a server that has been down for so long that it is forgotten: it may not be in keepalived.conf any more, of which no line tells.
func gone(n *notify.ServerNote, now time.Time) bool { return !n.Up && now.Sub(n.At) > 24*time.Hour }
