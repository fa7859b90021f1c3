package httpd

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// places are the connections that are open at once. When one more comes than there is room for, the address that has the most loses
// one, of those in whose hands the next step is: who has not yet asked, or who does not take what it has asked for, whichever are
// more, and among them the one that has kept still longest; last who has stopped in the middle. Nobody goes who waits for us, or to whom we have not yet listened: the
// newcomer waits until there is a place, and those behind it in the kernel's queue. So an honest reader, who asks and reads,
// does not lose its place to those who do neither, however many they are and however busy this host is.
type places struct {
	most int

	mu    sync.Mutex
	all   map[net.Conn]*list.Element
	hosts map[netip.Addr]*visitors
}

// phase is what happens next to a connection.
type phase int

const (
	asks   phase = iota // it is to send a request
	waits               // it is to get an answer
	takes               // it is to take the answer
	reads               // it has taken more of it than the kernel holds for who takes nothing
	phases              // how many there are
)

// visitors are the connections of one address, each list with the one first that has kept still longest.
type visitors [phases]list.List

func (v *visitors) count() (n int) {
	for i := range v {
		n += v[i].Len()
	}
	return n
}

// place is one connection.
type place struct {
	conn net.Conn
	host netip.Addr
	in   phase
	last time.Time // when it did something
}

// grace is for how long nobody has kept still in a phase, however much others want the place: a busy host is slow, and late to hear of
// what the others do.
var grace = [phases]time.Duration{asks: 250 * time.Millisecond, takes: 2 * time.Second, reads: 5 * time.Second, waits: 30 * time.Second}

// lookAgain is how often a newcomer looks for a place.
const lookAgain = 20 * time.Millisecond

func newPlaces(most int) *places {
	return &places{most: most, all: map[net.Conn]*list.Element{}, hosts: map[netip.Addr]*visitors{}}
}

// change is the ConnState of an [http.Server].
func (p *places) change(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		p.come(conn)
	case http.StateActive:
		p.move(conn, waits)
	case http.StateIdle:
		p.move(conn, asks)
	case http.StateClosed, http.StateHijacked:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.forget(conn)
	}
}

// come gives a newcomer its place. It runs between two Accepts, so that no one else comes while it waits.
func (p *places) come(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if tcp, ok := raw(conn).(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer)
	}
	it := &place{conn: conn, host: address(conn), last: time.Now()}
	v := p.hosts[it.host]
	if v == nil {
		v = &visitors{}
		p.hosts[it.host] = v
	}
	p.all[conn] = v[asks].PushBack(it)
	for len(p.all) > p.most && p.all[conn] != nil { // The newcomer at another listener may have taken this one's place.
		if p.evict(conn, it.host) {
			continue
		}
		p.mu.Unlock()
		time.Sleep(lookAgain)
		p.mu.Lock()
	}
}

// move notes that a connection has done something, and what is next. One that was sent away a moment ago is not known any more.
func (p *places) move(conn net.Conn, to phase) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.all[conn]
	if e == nil {
		return
	}
	it := e.Value.(*place)
	v := p.hosts[it.host]
	v[it.in].Remove(e)
	it.in, it.last = to, time.Now()
	p.all[conn] = v[to].PushBack(it)
}

func (p *places) forget(conn net.Conn) {
	e := p.all[conn]
	if e == nil {
		return
	}
	it := e.Value.(*place)
	v := p.hosts[it.host]
	v[it.in].Remove(e)
	delete(p.all, conn)
	if v.count() == 0 {
		delete(p.hosts, it.host)
	}
}

// evict closes one connection, but not the one that came just now, and reports whether there was one to close.
func (p *places) evict(newcomer net.Conn, its netip.Addr) bool {
	var worst *visitors
	most := 0
	for host, v := range p.hosts {
		n := v.count()
		if host == its {
			n--
		}
		if n > most {
			worst, most = v, n
		}
	}
	if worst == nil {
		return false
	}
	order := []phase{asks, takes}
	if worst[takes].Len() > worst[asks].Len() {
		order = []phase{takes, asks}
	}
	for _, in := range append(order, reads, waits) {
		it := stillest(&worst[in], newcomer, grace[in])
		if it == nil {
			continue
		}
		p.forget(it.conn)
		_ = raw(it.conn).Close()
		return true
	}
	return false
}

// stillest is the first of a list, if it has done nothing for this long. Who turns out to have said something to which nobody has
// listened yet goes to the end of the list.
func stillest(of *list.List, newcomer net.Conn, least time.Duration) *place {
	for range of.Len() {
		e := of.Front()
		it := e.Value.(*place)
		switch {
		case it.conn == newcomer || time.Since(it.last) < least:
			return nil // and so have all behind it
		case it.in == asks && unread(it.conn):
			it.last = time.Now()
			of.MoveToBack(e)
		default:
			return it
		}
	}
	return nil
}

// raw is the connection under TLS, whose own Close would wait for the reader to take the last record.
func raw(conn net.Conn) net.Conn {
	if t, ok := conn.(*tls.Conn); ok {
		return t.NetConn()
	}
	return conn
}

// unread reports whether a connection has sent something that still lies in the kernel.
func unread(conn net.Conn) bool {
	c, ok := raw(conn).(syscall.Conn)
	if !ok {
		return false
	}
	control, err := c.SyscallConn()
	if err != nil {
		return false
	}
	var n int
	_ = control.Control(func(fd uintptr) { n, _, _ = unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT) })
	return n > 0
}

// address is who has a connection; one for all of those that do not come over IP.
func address(conn net.Conn) netip.Addr {
	if a, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		return a.Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// seat is the connection of a request, in its context.
type seat struct {
	places *places
	conn   net.Conn
	limits Limits
}

type seatKey struct{}

// seatOf is the seat of a request. In a test of a handler alone nobody has given it one.
func seatOf(ctx context.Context) seat {
	if s, ok := ctx.Value(seatKey{}).(seat); ok {
		return s
	}
	return seat{limits: Limits{}.withDefaults()}
}

// move notes what is next for the connection.
func (s seat) move(to phase) {
	if s.places != nil {
		s.places.move(s.conn, to)
	}
}
