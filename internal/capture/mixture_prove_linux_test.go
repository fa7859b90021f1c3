//go:build prove

package capture

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// mixture is clients that ask as fast as they are answered, and a server. Both know what they have sent.
type mixture struct {
	t       testing.TB
	clients []net.Conn
	random  []*rand.Rand

	mu   sync.Mutex
	sum  mixed // of the clients
	said [len(dnscount.Rcodes)]atomic.Uint64
	cut  atomic.Uint64
}

// mixed is the truth.
type mixed struct {
	queries, responses, truncated uint64
	types                         [len(dnscount.Types)]uint64
	rcodes                        [len(dnscount.Rcodes)]uint64
}

func (m mixed) minus(o mixed) mixed {
	m.queries, m.responses, m.truncated = m.queries-o.queries, m.responses-o.responses, m.truncated-o.truncated
	for i := range m.types {
		m.types[i] -= o.types[i]
	}
	for i := range m.rcodes {
		m.rcodes[i] -= o.rcodes[i]
	}
	return m
}

// newMixture has two clients, at ports that are always the same, as are the IDs that they draw: which of them are in a sample follows.
func newMixture(p *pair) *mixture {
	m := &mixture{t: p.t}
	p.inside(p.server, func() error {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(vip), Port: 53})
		if err == nil {
			p.t.Cleanup(func() { conn.Close() })
			go m.serve(conn)
		}
		return err
	})
	p.inside(p.client, func() error {
		for i := range 2 {
			conn, err := net.DialUDP("udp", &net.UDPAddr{Port: 40001 + i}, &net.UDPAddr{IP: net.ParseIP(vip), Port: 53})
			if err != nil {
				return err
			}
			p.t.Cleanup(func() { conn.Close() })
			m.clients = append(m.clients, conn)
			m.random = append(m.random, rand.New(rand.NewPCG(5, uint64(i))))
		}
		return nil
	})
	return m
}

// The octets of a question that say which answer is wanted, and of which type it is.
const (
	atWish = 13
	atType = 28
)

func (m *mixture) serve(conn *net.UDPConn) {
	b := make([]byte, 512)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		b[2] |= 0x80
		rcode := 0
		switch b[atWish] {
		case 'a':
			b[3], rcode = 2, 2
		case 'b', 'c':
			b[3], rcode = 3, 3
		case 'd':
			b[2] |= 0x02
		}
		truncated := b[2]&0x02 != 0
		if _, err := conn.WriteToUDPAddrPort(b[:n], from); err != nil {
			continue
		}
		m.said[rcode].Add(1)
		if truncated {
			m.cut.Add(1)
		}
	}
}

// ask has client i send 64 questions with different IDs, and waits for all answers.
func (m *mixture) ask(i int) {
	var sum mixed
	var under [64]uint16
	r := m.random[i]
	for k := range under {
	draw:
		for {
			under[k] = uint16(r.Uint32())
			for _, other := range under[:k] {
				if other == under[k] {
					continue draw
				}
			}
			break
		}
		q := append([]byte{byte(under[k] >> 8), byte(under[k]), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "\x01a\x07example\x03com\x00\x00\x01\x00\x01"...)
		q[atWish] = 'a' + byte(r.IntN(10))
		kind := []int{0, 0, 0, 7, 7, 6}[r.IntN(6)] // A, AAAA, TXT in names.go
		q[atType] = []byte{0: 1, 7: 28, 6: 16}[kind]
		if _, err := m.clients[i].Write(q); err != nil {
			m.t.Error(err)
			return
		}
		sum.queries++
		sum.types[kind]++
	}
	b := make([]byte, 512)
	m.clients[i].SetReadDeadline(time.Now().Add(2 * time.Second))
	for range under {
		if _, err := m.clients[i].Read(b); err != nil {
			break // a socket had no room: the packets were sent all the same
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.queries += sum.queries
	for i := range sum.types {
		m.sum.types[i] += sum.types[i]
	}
}

// send asks so many questions, or a few more.
func (m *mixture) send(n int) {
	var all sync.WaitGroup
	for i := range m.clients {
		all.Go(func() {
			for range (n/len(m.clients) + 63) / 64 {
				m.ask(i)
			}
		})
	}
	all.Wait()
}

// background asks until the function that it returns is called.
func (m *mixture) background() (stop func()) {
	var ended atomic.Bool
	var all sync.WaitGroup
	for i := range m.clients {
		all.Go(func() {
			for !ended.Load() {
				m.ask(i)
			}
		})
	}
	return func() { ended.Store(true); all.Wait() }
}

// truth is what was sent until now. To be asked when all is quiet.
func (m *mixture) truth() mixed {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := m.sum
	for i := range m.said {
		sum.rcodes[i] = m.said[i].Load()
		sum.responses += sum.rcodes[i]
	}
	sum.truncated = m.cut.Load()
	return sum
}
