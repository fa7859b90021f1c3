// Package dnstest answers one question for tests: what does a client make of a
// name server that behaves like this? Its server receives real packets on
// loopback and sends whatever bytes a test wants, from wherever it wants, as
// often and as late as it wants. It knows nothing of the DNS beyond a header
// and a question, and shares no code with the programs that it tests.
package dnstest

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// Handler is called once for each query. The calls of one server never
// overlap, so a handler may keep state without a lock. One that sends nothing
// is a silent server.
type Handler func(q *Query)

// Server is a scripted name server, for UDP and TCP on the same port.
type Server struct {
	t       testing.TB
	handler Handler
	udp     *net.UDPConn // nil: a server for TLS
	tcp     *net.TCPListener
	tls     *tls.Config // nil: TCP without TLS
	tasks   sync.WaitGroup

	mu      sync.Mutex // held while the handler runs
	queries int
	closed  bool
	conns   map[net.Conn]bool
}

// Start serves on an address, with port 0 for one that is free for both
// transports. The test ends the server.
func Start(t testing.TB, address string, h Handler) *Server {
	t.Helper()
	s := &Server{t: t, handler: h, conns: map[net.Conn]bool{}}
	if err := s.listen(netip.MustParseAddrPort(address)); err != nil {
		t.Fatalf("dnstest: %v", err)
	}
	t.Cleanup(s.Close)
	s.tasks.Go(s.serveUDP)
	s.tasks.Go(s.serveTCP)
	return s
}

// StartTLS serves DNS over TLS (RFC 7858) on an address, and nothing else.
func StartTLS(t testing.TB, address string, config *tls.Config, h Handler) *Server {
	t.Helper()
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatalf("dnstest: %v", err)
	}
	s := &Server{t: t, handler: h, tcp: listener, tls: config, conns: map[net.Conn]bool{}}
	t.Cleanup(s.Close)
	s.tasks.Go(s.serveTCP)
	return s
}

// listen takes the port that UDP gets for TCP too; another process may have it.
func (s *Server) listen(at netip.AddrPort) (err error) {
	for range 50 {
		if s.udp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at)); err != nil {
			return err
		}
		same := s.udp.LocalAddr().(*net.UDPAddr).AddrPort()
		if s.tcp, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(same)); err == nil {
			return nil
		}
		s.udp.Close()
		if at.Port() != 0 {
			return err
		}
	}
	return err
}

// Addr returns where the server listens.
func (s *Server) Addr() netip.AddrPort {
	return s.tcp.Addr().(*net.TCPAddr).AddrPort()
}

// Queries returns how many queries have come.
func (s *Server) Queries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queries
}

// CloseUDP closes the UDP port.
func (s *Server) CloseUDP() {
	if s.udp != nil {
		s.udp.Close()
	}
}

// CloseTCP closes the TCP port.
func (s *Server) CloseTCP() { s.tcp.Close() }

// Close ends the server and waits for it.
func (s *Server) Close() {
	s.CloseUDP()
	s.CloseTCP()
	s.mu.Lock()
	s.closed = true
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.tasks.Wait()
}

func (s *Server) handle(q *Query) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries++
	q.N = s.queries
	s.handler(q)
}

func (s *Server) serveUDP() {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // An ICMP error about a client that has gone.
		}
		s.handle(&Query{Wire: append([]byte(nil), buf[:n]...), Client: from, Server: s.Addr(), server: s})
	}
}

func (s *Server) serveTCP() {
	for {
		conn, err := s.tcp.Accept()
		if err != nil {
			return
		}
		if s.keep(conn) {
			if s.tls != nil {
				conn = tls.Server(conn, s.tls)
			}
			s.tasks.Go(func() { s.serveConn(conn) })
		}
	}
}

// keep notes a connection for Close; false when the server is closed already.
func (s *Server) keep(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return false
	}
	s.conns[conn] = true
	return true
}

func (s *Server) serveConn(conn net.Conn) {
	client := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	for {
		wire, err := readFrame(conn)
		if err != nil {
			conn.Close()
			return
		}
		s.handle(&Query{Wire: wire, Client: client, Server: s.Addr(), server: s, conn: conn})
	}
}

func readFrame(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	wire := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, wire)
	return wire, err
}
