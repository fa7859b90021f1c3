package httpd

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// made prints pages of a size, each byte the number of the page.
type made struct {
	mu   sync.Mutex
	n    byte
	size int
}

func (m *made) print(_ context.Context, room []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	for range m.size {
		room = append(room, m.n)
	}
	return room, nil
}

func get(t *testing.T, p *Press, key string, m *made) *Page {
	t.Helper()
	page, err := p.Get(t.Context(), key, m.print)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func isCut(p *Page) bool {
	select {
	case <-p.Cut():
		return true
	default:
		return false
	}
}

func TestPressMakesEachPageAnew(t *testing.T) {
	var p Press
	m := &made{size: 10}
	for want := byte(1); want <= 3; want++ {
		page := get(t, &p, "k", m)
		if page.Bytes[0] != want {
			t.Errorf("page %d, want %d: what comes after another is not to see the old one", page.Bytes[0], want)
		}
		page.Release()
	}
	if p.bytes != 0 || len(p.held) != 0 {
		t.Errorf("%d bytes in %d pages are held by nobody", p.bytes, len(p.held))
	}
}

func TestPressSharesAPageInTheMaking(t *testing.T) {
	var p Press
	m := &made{size: 10}
	begun, finish := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context, room []byte) ([]byte, error) {
		close(begun)
		<-finish
		return m.print(ctx, room)
	}
	first := make(chan *Page, 1)
	go func() { page, _ := p.Get(t.Context(), "k", slow); first <- page }()
	<-begun
	second := make(chan *Page, 1)
	go func() { page, _ := p.Get(t.Context(), "k", m.print); second <- page }()
	hungUp, cancel := context.WithCancel(t.Context())
	cancel()
	if page, err := p.Get(hungUp, "k", m.print); page != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("who has hung up got %v, %v", page, err)
	}
	waitFor(t, &p, func() bool { return p.flights["k"].waiting == 2 })
	close(finish)
	a, b := <-first, <-second
	if a != b || a.Bytes[0] != 1 || m.n != 1 {
		t.Fatalf("%d pages were made for two who asked together", m.n)
	}
	a.Release()
	if len(p.held) != 1 {
		t.Error("the page is gone while it is still held")
	}
	b.Release()
	if len(p.held) != 0 {
		t.Error("the page is there, and nobody holds it")
	}
}

func waitFor(t *testing.T, p *Press, is func() bool) {
	t.Helper()
	for {
		p.mu.Lock()
		ok := is()
		p.mu.Unlock()
		if ok {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("it never was so")
		}
	}
}

func TestPressKeepsItsBudget(t *testing.T) {
	p := Press{Budget: 1200}
	m := &made{size: 400}
	one := get(t, &p, "a", m)
	two := get(t, &p, "b", m)
	if isCut(one) || isCut(two) {
		t.Fatal("two pages of 400 bytes, with what append takes for them, are within 1200")
	}
	one.Taken()
	again := get(t, &p, "b", m)
	if again != two {
		t.Error("while memory is short a fresh page is handed out again")
	}
	three := get(t, &p, "c", m)
	if isCut(one) || !isCut(two) || isCut(three) {
		t.Error("who holds the page that nobody takes is to be cut off, and nobody else")
	}
	if two.Bytes[0] != 2 || two.Bytes[399] != 2 {
		t.Error("a page changed in its holder's hands")
	}
	for _, page := range []*Page{one, two, again, three} {
		page.Release()
	}
	m.size = 5000
	large := get(t, &p, "d", m)
	if isCut(large) || len(large.Bytes) != 5000 {
		t.Error("one page may be larger than the budget")
	}
	large.Release()
	if p.bytes != 0 || len(p.held) != 0 {
		t.Errorf("%d bytes in %d pages are held by nobody", p.bytes, len(p.held))
	}
}

// A page stays good for longer where making one takes long.
func TestPressAge(t *testing.T) {
	for _, test := range []struct {
		name      string
		made, age time.Duration
		same      bool
	}{
		{name: "quick and young", made: 100 * time.Millisecond, age: 1900 * time.Millisecond, same: true},
		{name: "quick and old", made: 100 * time.Millisecond, age: 2100 * time.Millisecond},
		{name: "slow and young", made: 5 * time.Second, age: 19 * time.Second, same: true},
		{name: "slow and old", made: 5 * time.Second, age: 21 * time.Second},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			p, m := Press{Budget: 1200}, &made{size: 800}
			print := func(ctx context.Context, room []byte) ([]byte, error) {
				time.Sleep(test.made)
				return m.print(ctx, room)
			}
			var pages []*Page
			for range 2 {
				page, err := p.Get(t.Context(), "k", print)
				if err != nil {
					t.Fatal(err)
				}
				pages = append(pages, page)
				time.Sleep(test.age)
			}
			if same := pages[0] == pages[1]; same != test.same {
				t.Errorf("the same page again: %v, want %v", same, test.same)
			}
			for _, page := range pages {
				page.Release()
			}
		})
	}
}

func TestPressOutlivesATrouble(t *testing.T) {
	var p Press
	if _, err := p.Get(t.Context(), "k", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no paper") }); err == nil || err.Error() != "no paper" {
		t.Error(err)
	}
	if _, err := p.Get(t.Context(), "k", func(context.Context, []byte) ([]byte, error) { panic("ink") }); err == nil || !strings.Contains(err.Error(), "bug: ink") {
		t.Error(err)
	}
	get(t, &p, "k", &made{size: 1}).Release()
}
