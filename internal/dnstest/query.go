package dnstest

import (
	"encoding/binary"
	"net"
	"net/netip"
)

// Query is one query that came to a server, and the ways to react to it. A
// handler may keep it and use it during a later query.
type Query struct {
	Wire   []byte // as it came, without the length that TCP puts in front
	N      int    // 1 for the first query that the server got over any transport
	Client netip.AddrPort
	Server netip.AddrPort // where it came to

	server *Server
	conn   net.Conn // nil: it came over UDP
}

// TCP reports whether the query came over TCP, with TLS or without.
func (q *Query) TCP() bool { return q.conn != nil }

// Send sends a message to the client from the address that it asked.
func (q *Query) Send(message []byte) {
	if q.conn != nil {
		q.SendBytes(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
		return
	}
	_, _ = q.server.udp.WriteToUDPAddrPort(message, q.Client)
}

// SendFrom sends a datagram to the client from another address or port; port 0
// is any that is free.
func (q *Query) SendFrom(local netip.AddrPort, message []byte) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(local))
	if err != nil {
		q.server.t.Errorf("dnstest: sending from %s: %v", local, err)
		return
	}
	defer conn.Close()
	_, _ = conn.WriteToUDPAddrPort(message, q.Client)
}

// SendBytes writes to the client's connection as it is told, without a length
// in front.
func (q *Query) SendBytes(b []byte) { _, _ = q.conn.Write(b) }

// Hangup closes the client's connection.
func (q *Query) Hangup() { q.conn.Close() }

// Reset ends the client's TCP connection with a RST.
func (q *Query) Reset() {
	_ = q.conn.(*net.TCPConn).SetLinger(0)
	q.conn.Close()
}
