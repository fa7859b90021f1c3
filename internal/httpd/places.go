package httpd

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// places are the connections that are open at once. When one more comes than there is room for, the address that has the most loses
// one, of those in whose hands the next step is: who has not yet asked, or who does not take what it has asked for, whichever are
// more, and among them the one that has kept still longest. Who waits for us is the last to go. So an honest reader, who asks
// and reads, does not feel those who do not.
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
}

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

func (p *places) come(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	it := &place{conn: conn, host: address(conn)}
	v := p.hosts[it.host]
	if v == nil {
		v = &visitors{}
		p.hosts[it.host] = v
	}
	p.all[conn] = v[asks].PushBack(it)
	if len(p.all) > p.most {
		p.evict(conn)
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
	it.in = to
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

// evict closes one connection, but not the one that came just now.
func (p *places) evict(newcomer net.Conn) {
	var worst *visitors
	for _, v := range p.hosts {
		if worst == nil || v.count() > worst.count() {
			worst = v
		}
	}
	order := []phase{asks, takes, waits}
	if worst[takes].Len() > worst[asks].Len() {
		order = []phase{takes, asks, waits}
	}
	for _, in := range order {
		e := worst[in].Front()
		if e == nil || e.Value.(*place).conn == newcomer {
			continue
		}
		conn := e.Value.(*place).conn
		p.forget(conn)
		// With TLS, Close would wait for the reader to take the last record.
		if t, ok := conn.(*tls.Conn); ok {
			conn = t.NetConn()
		}
		_ = conn.Close()
		return
	}
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
