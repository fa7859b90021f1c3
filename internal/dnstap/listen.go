package dnstap

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/unixsock"
)

// Config says where to listen.
type Config struct {
	Address string // the path of a socket, or ADDRESS:PORT of the loopback
	// Max is how many may be connected at once; 0: 32. Each may hold 160 KiB, and name servers have one to four.
	Max  int
	Seed uint64 // of hashes: a number that clients cannot know
	Log  *slog.Logger
	Now  func() time.Time // nil: time.Now; the clock of the name servers, which are on this host
}

// Listener counts what name servers tell. Make one with New.
type Listener struct {
	config Config

	mu      sync.Mutex // held for a frame at a time
	counter *dnscount.Counter
	stats   Stats
	seats   []*seat
	failure error     // why it does not listen
	warned  time.Time // when a connection's end was logged last
}

// New makes a Listener that does not listen yet.
func New(c Config) *Listener {
	c.Max = cmp.Or(c.Max, 32)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Listener{config: c, failure: errors.New("it does not listen yet"),
		counter: dnscount.New(dnscount.Options{Seed: c.Seed, Flows: 1, Fragments: 1})}
}

// Update makes it count for another view from now on.
func (l *Listener) Update(v dnscount.View) error {
	// Also a director's name server, if it has one, sees its own responses.
	v.Role = dnscount.RealServer
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counter.Use(v)
	return nil
}

const (
	tick  = time.Second
	retry = 5 * time.Second
)

// Run listens until ctx ends. A socket that cannot be made is tried again every so often, and so is one whose file somebody
// has removed; until it is there, Read says why.
func (l *Listener) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := l.listen(ctx)
		l.state(err)
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
	return nil
}

func (l *Listener) state(failure error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failure = failure
}

// listen takes connections until ctx ends or something is wrong. It returns when all of them are closed.
func (l *Listener) listen(ctx context.Context) error {
	s, err := openSocket(l.config.Address)
	if err != nil {
		return err
	}
	l.state(nil)
	ctx, cancel := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer s.close()
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	group.Go(func() { l.watch(ctx, s, cancel) })
	for {
		conn, err := l.accept(ctx, s)
		if err != nil {
			return err
		}
		place := l.enter(conn, unixsock.Peer(conn))
		if place == nil {
			conn.Close()
			continue
		}
		group.Go(func() { l.serve(ctx, place) })
	}
}

// accept waits for a connection. A host or a process that has no descriptor left, or no memory for a socket, has some again: those who
// are connected stay, and the next one waits in the kernel's queue, as net/http has it.
func (l *Listener) accept(ctx context.Context, s net.Listener) (net.Conn, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, tick) {
		conn, err := s.Accept()
		switch {
		case err == nil:
			return conn, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.Is(err, net.ErrClosed):
			return nil, err
		}
		l.mu.Lock()
		l.warn("a connection of dnstap has to wait", "error", err)
		l.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// watch does what is to be done every so often.
func (l *Listener) watch(ctx context.Context, s *socket, cancel context.CancelCauseFunc) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			l.mu.Lock()
			l.expire()
			l.mu.Unlock()
			if !s.there() {
				cancel(errors.New(l.config.Address + " was removed or replaced"))
			}
		}
	}
}

// lag is how long a name server may keep what it tells, in nanoseconds: libfstrm does for a second.
const lag = int64(3 * time.Second)

func (l *Listener) expire() { l.counter.Tick(l.config.Now().UnixNano() - lag) }

// serve reads what one end has to say, until it has said all.
func (l *Listener) serve(ctx context.Context, place *seat) {
	conn := place.conn
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	s := newStream(conn, func(d time.Duration) {
		var end time.Time
		if d > 0 {
			end = time.Now().Add(d)
		}
		_ = conn.SetDeadline(end) // of one that is closed: reading says so
	})
	err := s.begin()
	for err == nil {
		var b []byte
		if b, err = s.next(); err == nil {
			l.take(b)
			place.told.Store(l.config.Now().UnixNano())
		}
	}
	l.leave(ctx, place, err)
}

// leave notes the end of a connection, and logs one that is not as it should be.
func (l *Listener) leave(ctx context.Context, place *seat, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if place.lost {
		return
	}
	l.drop(place)
	if errors.Is(err, io.EOF) || ctx.Err() != nil {
		return
	}
	l.stats.Broken++
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errors.New("it fell silent in the middle of a frame")
	}
	l.warn("a connection of dnstap was closed", "error", err)
}

// warn logs what happened to a connection, but not to each of many.
func (l *Listener) warn(what, key string, value any) {
	if now := l.config.Now(); now.Sub(l.warned) >= time.Minute {
		l.warned = now
		l.config.Log.Warn(what, "socket", l.config.Address, key, value)
	}
}

// take counts a frame.
func (l *Listener) take(b []byte) {
	m, ok := decode(b)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Frames++
	if !ok {
		l.stats.Ignored[Undecodable]++
		return
	}
	t, reason, ok := m.read()
	if !ok {
		l.stats.Ignored[reason]++
		return
	}
	t.Time = l.sane(t.Time)
	if !l.counter.Tell(&t) {
		l.stats.Ignored[Unwanted]++
		return
	}
	l.stats.Messages[min(m.protocol, uint64(len(Protocols)-1))]++
}

// sane is a time that can be: one far from now would make a query wait for ever, or for no time.
func (l *Listener) sane(at int64) int64 {
	now := l.config.Now().UnixNano()
	if at < now-int64(time.Minute) || at > now+int64(time.Second) {
		return now
	}
	return at
}
