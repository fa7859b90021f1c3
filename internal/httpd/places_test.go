package httpd

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// visitor is a connection that only knows whose it is and whether it was closed.
type visitor struct {
	net.Conn
	name   string
	from   net.TCPAddr
	closed *gone
}

// gone are the names of visitors that were closed.
type gone struct {
	mu    sync.Mutex
	names []string
}

func (g *gone) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.names, " ")
}

func (v *visitor) RemoteAddr() net.Addr { return &v.from }

func (v *visitor) Close() error {
	v.closed.mu.Lock()
	defer v.closed.mu.Unlock()
	v.closed.names = append(v.closed.names, v.name)
	return nil
}

func TestPlaces(t *testing.T) {
	// A word is a visitor and what became of it: a1+ comes from address a, a1? has asked, a1! takes its answer, a1* much of it, a1. may ask
	// again, a1- has gone.
	for _, test := range []struct {
		name, story, closed string
		waits               bool // for a place
	}{
		{name: "room for all", story: "a1+ a2+ a3+"},
		{name: "the oldest that has not asked", story: "a1+ a2+ a3+ a4+", closed: "a1"},
		{name: "not one that waits for us", story: "a1+ a1? a2+ a3+ a4+", closed: "a2"},
		{name: "one that may ask again", story: "a1+ a1? a2+ a2? a3+ a3? a1. a4+", closed: "a1"},
		{name: "all wait for us, for long: the oldest of them", story: "a1+ a1? a2+ a2? a3+ a3? a4+", closed: "a1", waits: true},
		{name: "one that does not take its answer", story: "a1+ a1? a2+ a2? a2! a3+ a3? a4+", closed: "a2"},
		{name: "the one that took something least lately", story: "a1+ a1? a2+ a2? a3+ a3? a1! a2! a1! a3! a4+", closed: "a2"},
		{name: "who has read much is not who takes nothing", story: "a1+ a1? a1* a2+ a2? a2! a3+ a3? a3! a4+", closed: "a2"},
		{name: "all have read much: who stopped first", story: "a1+ a1? a1* a2+ a2? a2* a3+ a3? a3* a4+", closed: "a1"},
		{name: "who does not ask, when those are more", story: "a1+ a1? a1! a2+ a3+ a4+", closed: "a2"},
		{name: "of the address that has the most", story: "b1+ a1+ a2+ a3+", closed: "a1"},
		{name: "the honest one stays, however many come", story: "b1+ b1? a1+ a2+ a3+ a4+ a5+ a6+", closed: "a1 a2 a3 a4"},
		{name: "who has gone needs no place", story: "a1+ a2+ a3+ a2- a4+"},
		{name: "one who was sent away may end", story: "a1+ a2+ a3+ a4+ a1? a1- a5+", closed: "a1 a2"},
		{name: "four addresses: somebody goes", story: "a1+ a1? b1+ b1? c1+ c1? d1+", closed: "x", waits: true},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			p, closed, all, start := newPlaces(3), new(gone), map[string]*visitor{}, time.Now()
			for word := range strings.FieldsSeq(test.story) {
				time.Sleep(grace[takes])
				name, what := word[:2], word[2]
				if all[name] == nil {
					all[name] = &visitor{name: name, from: net.TCPAddr{IP: net.IPv4(192, 0, 2, name[0]), Port: int(name[1])}, closed: closed}
				}
				if to, ok := map[byte]phase{'!': takes, '*': reads}[what]; ok {
					p.move(all[name], to)
					continue
				}
				p.change(all[name], map[byte]http.ConnState{'+': http.StateNew, '?': http.StateActive, '.': http.StateIdle, '-': http.StateClosed}[what])
			}
			if waited := time.Since(start) >= grace[waits]; waited != test.waits {
				t.Errorf("a newcomer waited: %v, want %v", waited, test.waits)
			}
			if test.closed == "x" { // Which one does not matter.
				if len(closed.names) > 1 {
					t.Errorf("closed %v", closed)
				}
			} else if got := closed.String(); got != test.closed {
				t.Errorf("closed %q, want %q", got, test.closed)
			}
			if len(p.all) > 4 || len(p.hosts) > len(p.all) {
				t.Errorf("%d places, %d addresses", len(p.all), len(p.hosts))
			}
		})
	}
}

// Whatever comes and goes, no more than the limit stay, and nothing is kept of who has gone.
func TestPlacesForget(t *testing.T) { synctest.Test(t, forget) }

func forget(t *testing.T) {
	p, closed := newPlaces(5), new(gone)
	var all []*visitor
	for i := range 1000 {
		v := &visitor{name: fmt.Sprint(i), from: net.TCPAddr{IP: net.IPv4(192, 0, 2, byte(i%7)), Port: i}, closed: closed}
		all = append(all, v)
		p.change(v, http.StateNew)
		if i%3 == 0 {
			p.change(v, http.StateActive)
		}
	}
	if len(p.all) > 7 {
		t.Errorf("%d places are taken of 5", len(p.all))
	}
	for _, v := range all {
		p.change(v, http.StateClosed)
	}
	if len(p.all)+len(p.hosts) != 0 {
		t.Errorf("%d places and %d addresses are left", len(p.all), len(p.hosts))
	}
}

// A newcomer takes nobody's place who has just come, or has said something that nobody has read yet: it waits until somebody keeps still.
func TestPlacesWait(t *testing.T) {
	for _, test := range []struct {
		name  string
		story func(p *places, all []*visitor)
		want  string // who is closed
	}{
		{name: "all have just come", want: "0"},
		{name: "one has asked meanwhile", story: func(p *places, all []*visitor) { p.change(all[0], http.StateActive) }, want: "1"},
		{name: "one has been sent away", story: func(p *places, all []*visitor) { p.change(all[1], http.StateClosed) }},
		{name: "one has its answer", story: func(p *places, all []*visitor) {
			for _, v := range all {
				p.change(v, http.StateActive)
			}
			time.Sleep(5 * time.Second)
			p.change(all[2], http.StateIdle)
		}, want: "2"},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			p, closed, all := newPlaces(3), new(gone), []*visitor(nil)
			for i := range 4 {
				all = append(all, &visitor{name: fmt.Sprint(i), from: net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: i}, closed: closed})
			}
			for _, v := range all[:3] {
				p.change(v, http.StateNew)
			}
			has := make(chan struct{})
			go func() {
				defer close(has)
				p.change(all[3], http.StateNew)
			}()
			synctest.Wait()
			if got := closed.String(); got != "" {
				t.Fatalf("%q was closed at once", got)
			}
			if test.story != nil {
				test.story(p, all)
			}
			<-has
			if got := closed.String(); got != test.want {
				t.Errorf("closed %q, want %q", got, test.want)
			}
		})
	}
}

func inBubble(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// Who has said something that still lies in the kernel has not kept still: this host is late.
func TestPlacesUnread(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client := says(t, l.Addr().String(), "GET ")
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if n, err := server.Read(make([]byte, 4)); n != 4 || err != nil || unread(server) {
		t.Fatalf("read %d bytes, %v; unread %v after it, want false", n, err, unread(server))
	}
	if _, err := client.Write([]byte("/")); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !unread(server); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a byte lies in the kernel, and unread says false")
		}
	}
}

// Two listeners have a newcomer each, while the only place is taken by one that waits for us: one newcomer loses, the other gets the place.
func TestPlacesOfTwoListeners(t *testing.T) {
	inBubble(t, "two", func(t *testing.T) {
		p, closed, all := newPlaces(1), new(gone), []*visitor(nil)
		for i, name := range []string{"first", "second", "third"} {
			all = append(all, &visitor{name: name, from: net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: i}, closed: closed})
		}
		p.change(all[0], http.StateNew)
		p.change(all[0], http.StateActive)
		var both sync.WaitGroup
		for _, v := range all[1:] {
			both.Go(func() { p.change(v, http.StateNew) })
			time.Sleep(time.Second)
		}
		both.Wait()
		if got := closed.String(); got != "second first" {
			t.Errorf("closed %q", got)
		}
	})
}
