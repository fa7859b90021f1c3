package httpd

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Press makes pages, each once for all who ask for it at the same time, and one after the other. The pages that readers
// hold have a limit of bytes together. The zero value of each field has its default.
type Press struct {
	Budget  int           // bytes of all pages that are held; 0: 40 MiB. One page may be larger
	Reuse   time.Duration // the age at which a page is still handed out while more than half of the budget is held; 0: 2 s, see fresh
	Timeout time.Duration // for making a page; 0: 30 s

	mu      sync.Mutex
	held    []*Page // the oldest first
	bytes   int     // of those
	flights map[string]*flight
	spare   []byte     // of a page that nobody holds any more
	turn    sync.Mutex // to make one
}

// flight is a page in the making.
type flight struct {
	done    chan struct{}
	waiting int // who wants it
	page    *Page
	err     error
}

// Page is what a reader holds until its Release.
type Page struct {
	Bytes []byte

	press   *Press
	key     string
	born    time.Time
	made    time.Duration // what it took to make
	moved   time.Time     // when somebody took some of it
	holders int
	cut     chan struct{} // closed when the room is needed
}

// Cut is closed when the press needs the room: whoever holds the page is to let it go.
func (p *Page) Cut() <-chan struct{} { return p.cut }

// Get returns the page of a key. Print writes it behind what it is given, and returns that; it need not look for
// ctx's end, which is the press's own timeout: a reader who hangs up ends nobody's page.
func (p *Press) Get(ctx context.Context, key string, print func(context.Context, []byte) ([]byte, error)) (*Page, error) {
	p.mu.Lock()
	if page := p.again(key); page != nil {
		p.mu.Unlock()
		return page, nil
	}
	f := p.flights[key]
	if f == nil {
		f = &flight{done: make(chan struct{})}
		if p.flights == nil {
			p.flights = map[string]*flight{}
		}
		p.flights[key] = f
		go p.fly(context.WithoutCancel(ctx), key, f, print)
	}
	f.waiting++
	p.mu.Unlock()

	select {
	case <-f.done:
		return f.page, f.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-f.done: // just now: it counts us already
		if f.page != nil {
			f.page.release()
		}
	default:
		f.waiting--
	}
	return nil, ctx.Err()
}

// again is a page that is handed out once more, since memory is short and it is still fresh.
func (p *Press) again(key string) *Page {
	if p.bytes <= p.budget()/2 {
		return nil
	}
	for _, page := range slices.Backward(p.held) {
		if page.key == key && p.fresh(page) {
			page.holders++
			return page
		}
	}
	return nil
}

// fresh reports whether a page may be handed out again. On a host that takes long to make one, its readers take long too: a new one
// would push theirs out from under them.
func (p *Press) fresh(page *Page) bool {
	return time.Since(page.born) < max(cmp.Or(p.Reuse, 2*time.Second), 4*page.made)
}

// fly makes a page. It belongs to all who wait for it.
func (p *Press) fly(ctx context.Context, key string, f *flight, print func(context.Context, []byte) ([]byte, error)) {
	p.turn.Lock()
	defer p.turn.Unlock()
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.Timeout, 30*time.Second))
	defer cancel()
	p.mu.Lock()
	room := p.spare
	p.spare = nil
	p.mu.Unlock()

	start := time.Now()
	bytes, err := guarded(ctx, room[:0], print)

	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.flights, key)
	now := time.Now()
	switch {
	case err != nil:
	case f.waiting == 0:
		p.spare = bytes[:0] // All have hung up.
	default:
		if bytes != nil && cap(bytes) > 4*len(bytes) {
			// A small page in the room of a large one would hold all of it.
			p.spare, bytes = bytes[:0], slices.Clone(bytes)
		}
		f.page = &Page{Bytes: bytes, press: p, key: key, born: now, made: now.Sub(start), moved: now, holders: f.waiting, cut: make(chan struct{})}
		p.held = append(p.held, f.page)
		p.bytes += cap(bytes)
		p.makeRoom()
	}
	f.err = err
	close(f.done)
}

// makeRoom cuts off who holds the pages of which nobody has taken anything for longest, as long as all pages together are too large. The one
// that was made just now is the last.
func (p *Press) makeRoom() {
	for p.bytes > p.budget() && len(p.held) > 1 {
		stillest := 0
		for i, page := range p.held[:len(p.held)-1] {
			if page.moved.Before(p.held[stillest].moved) {
				stillest = i
			}
		}
		p.drop(stillest)
	}
}

// Taken notes that its holder has taken some of it.
func (p *Page) Taken() {
	p.press.mu.Lock()
	defer p.press.mu.Unlock()
	p.moved = time.Now()
}

// drop forgets a page that is held, or was.
func (p *Press) drop(i int) {
	page := p.held[i]
	p.held = slices.Delete(p.held, i, i+1)
	p.bytes -= cap(page.Bytes)
	close(page.cut)
}

// Release lets go of a page. Its bytes must not be read any more.
func (p *Page) Release() {
	p.press.mu.Lock()
	defer p.press.mu.Unlock()
	p.release()
}

func (p *Page) release() {
	if p.holders--; p.holders > 0 {
		return
	}
	if i := slices.Index(p.press.held, p); i >= 0 {
		p.press.drop(i)
	}
	if cap(p.Bytes) > cap(p.press.spare) {
		p.press.spare = p.Bytes[:0]
	}
}

func (p *Press) budget() int { return cmp.Or(p.Budget, 40<<20) }

// guarded makes a panic of one page that page's error: the daemon goes on.
func guarded(ctx context.Context, room []byte, print func(context.Context, []byte) ([]byte, error)) (bytes []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			bytes, err = nil, fmt.Errorf("bug: %v\n%s", p, debug.Stack())
		}
	}()
	return print(ctx, room)
}
