package labtest

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// relay passes datagrams on to the name server and holds the answers back.
type relay struct {
	host  *Host
	delay atomic.Int64 // time.Duration
	wg    sync.WaitGroup
}

// startRelay listens on one address of each family until the host is taken down.
func (n *NameServer) startRelay() *relay {
	n.host.lab.t.Helper()
	r := &relay{host: n.host}
	ctx, cancel := context.WithCancel(context.Background())
	n.host.closers = append(n.host.closers, func() { cancel(); r.wg.Wait() })
	for _, addr := range n.ownAddrs() {
		var conn *net.UDPConn
		n.host.lab.must(netns.Do(n.host.netns, func() (err error) {
			conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, relayPort)))
			return err
		}), "host %s: relay", n.host.Name)
		r.wg.Go(func() { r.serve(ctx, conn, netip.AddrPortFrom(addr, 53)) })
		context.AfterFunc(ctx, func() { _ = conn.Close() })
	}
	return r
}

// serve ends when conn is closed.
func (r *relay) serve(ctx context.Context, conn *net.UDPConn, server netip.AddrPort) {
	buf := make([]byte, 65535)
	for {
		n, client, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		asked := append([]byte(nil), buf[:n]...)
		r.wg.Go(func() {
			answer, err := r.forward(asked, server)
			if err != nil {
				return // to the client a dead server is silence
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(r.delay.Load())):
				_, _ = conn.WriteToUDPAddrPort(answer, client)
			}
		})
	}
}

// forward asks the server from a port of its own and returns the first reply.
func (r *relay) forward(asked []byte, server netip.AddrPort) ([]byte, error) {
	var conn *net.UDPConn
	if err := netns.Do(r.host.netns, func() (err error) {
		conn, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(server))
		return err
	}); err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(asked); err != nil {
		return nil, err
	}
	buf := make([]byte, 65535)
	n, err := conn.Read(buf)
	return buf[:n], err
}
