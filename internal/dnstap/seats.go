package dnstap

import (
	"net"
	"slices"
	"sync/atomic"
	"time"
)

// seat is the place of one connection, of which there are only so many.
type seat struct {
	conn net.Conn
	user uint32
	told atomic.Int64 // when it last told something, or came
	lost bool         // it was given to another; for who holds the Listener's lock
}

// still is how long a connection tells nothing before another may have its place: far longer than a name server that is asked
// keeps what it tells.
const still = 10 * time.Second

// loser decides who goes when one more comes than there are places for: of the user who has the most connections the one that has told
// nothing for the longest. nil: the newcomer itself. Somebody who takes all places so loses one to each name server that comes, tell
// what he may; and who has no more connections than the newcomer's user loses none while it tells.
func loser(taken []*seat, newcomer *seat, now time.Time) *seat {
	held := map[uint32]int{newcomer.user: 1}
	for _, s := range taken {
		held[s.user]++
	}
	most := newcomer.user
	for _, s := range taken {
		if held[s.user] > held[most] {
			most = s.user
		}
	}
	var worst *seat
	for _, s := range taken {
		if s.user == most && (worst == nil || s.told.Load() < worst.told.Load()) {
			worst = s
		}
	}
	if most == newcomer.user && (worst == nil || now.UnixNano()-worst.told.Load() < int64(still)) {
		return nil
	}
	return worst
}

// enter gives a connection a place, or nil.
func (l *Listener) enter(conn net.Conn, user uint32) *seat {
	s := &seat{conn: conn, user: user}
	now := l.config.Now()
	s.told.Store(now.UnixNano())
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seats) >= l.config.Max {
		other := loser(l.seats, s, now)
		if other == nil {
			l.stats.Refused++
			return nil
		}
		other.lost = true
		l.drop(other)
		l.stats.Evicted++
		l.warn("a connection of dnstap gave its place to another", "user", other.user)
		_ = other.conn.Close()
	}
	l.seats = append(l.seats, s)
	l.stats.Accepted++
	return s
}

// drop takes a connection off the list.
func (l *Listener) drop(s *seat) {
	l.seats = slices.DeleteFunc(l.seats, func(other *seat) bool { return other == s })
}
