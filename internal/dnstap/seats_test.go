package dnstap

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	framestream "github.com/farsightsec/golang-framestream"

	"github.com/lvsdns/lvsdns/internal/stranger"
)

// TestLoser has the users of connections, and for how many seconds each has told nothing.
func TestLoser(t *testing.T) {
	type held struct {
		user  uint32
		quiet int
	}
	for _, tt := range []struct {
		name     string
		taken    []held
		newcomer uint32
		want     int // index of the one that goes; -1: the newcomer
	}{
		{"one user, all tell", []held{{1, 0}, {1, 3}, {1, 1}}, 1, -1},
		{"one user, two are still", []held{{1, 0}, {1, 20}, {1, 30}}, 1, 2},
		{"a name server comes, a stranger has the most and tells much", []held{{9, 0}, {9, 1}, {2, 60}}, 1, 1},
		{"a name server comes again, and has as many as a stranger", []held{{9, 0}, {9, 1}, {1, 3600}}, 1, 2},
		{"a stranger comes, and has the most", []held{{9, 0}, {9, 1}, {1, 3600}}, 9, -1},
		{"a stranger comes, and one of its own is still", []held{{9, 0}, {9, 11}, {1, 3600}}, 9, 1},
		{"a stranger comes, and has as many as another", []held{{1, 0}, {1, 3600}, {9, 0}}, 9, -1},
		{"each has one", []held{{1, 0}, {2, 3600}, {3, 0}}, 9, -1},
	} {
		now := time.Unix(2e9, 0)
		var taken []*seat
		for _, h := range tt.taken {
			s := &seat{user: h.user}
			s.told.Store(now.Add(-time.Duration(h.quiet) * time.Second).UnixNano())
			taken = append(taken, s)
		}
		got := -1
		for i, s := range taken {
			if loser(taken, &seat{user: tt.newcomer}, now) == s {
				got = i
			}
		}
		if got != tt.want {
			t.Errorf("%s: %d goes, want %d", tt.name, got, tt.want)
		}
	}
}

// TestSilentConnections: a user without rights takes all places and says nothing, again and again. Name servers that were there stay, also
// one that has nothing to tell, and others get places.
func TestSilentConnections(t *testing.T) {
	const most = 8
	address := filepath.Join(stranger.Dir(t), "tap")
	l := start(t, address, most)
	write := func(w *framestream.Writer) {
		t.Helper()
		for _, b := range exchange(t, 1, time.Now(), nil) {
			if _, err := w.WriteFrame(b); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	quiet := sender(t, address, true)
	hold := func() {
		t.Helper()
		if err := stranger.Do(t, func() error {
			for range most + 5 {
				conn, err := net.Dial("unix", address)
				if err != nil {
					return err
				}
				t.Cleanup(func() { conn.Close() })
				_, _ = conn.Write(opened)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	hold()
	r := await(t, l, "all places are taken", func(r Report) bool { return r.Connections == most && r.Refused == 6 })
	if r.Evicted != 0 {
		t.Errorf("%d were sent away", r.Evicted)
	}
	var servers []*framestream.Writer
	for range 3 {
		servers = append(servers, sender(t, address, true))
		hold()
	}
	for _, w := range append(servers, quiet) {
		write(w)
	}
	r = await(t, l, "all name servers are heard", func(r Report) bool { return r.Frames == 8 })
	if r.Connections != most || r.Evicted != 3 {
		t.Errorf("%+v", r.Stats)
	}
}

// TestStillConnections: over TCP nobody knows who connects, and the one that has told nothing for the longest goes.
func TestStillConnections(t *testing.T) {
	const most = 4
	address := freePort(t)
	clock := time.Now()
	l := New(Config{Address: address, Max: most, Now: func() time.Time { return clock }})
	one, other := net.Pipe()
	t.Cleanup(func() { one.Close(); other.Close() })
	for range most {
		if l.enter(one, 0) == nil {
			t.Fatal("no place")
		}
	}
	if l.enter(one, 0) != nil {
		t.Error("all have come just now, and one more gets a place")
	}
	clock = clock.Add(still + time.Second)
	first := l.seats[0]
	for _, s := range l.seats[1:] {
		s.told.Store(clock.UnixNano())
	}
	if l.enter(other, 0) == nil || !first.lost || len(l.seats) != most {
		t.Errorf("the one that is still has kept its place: %+v", l.stats)
	}
	if _, err := one.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("it is not closed: %v", err)
	}
}
