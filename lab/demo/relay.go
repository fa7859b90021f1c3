package main

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// listenNear takes the address that is wanted, or another port where that is in use.
func listenNear(wanted string) (net.Listener, error) {
	l, err := net.Listen("tcp", wanted)
	if err == nil {
		return l, nil
	}
	host, port, err := net.SplitHostPort(wanted)
	if err != nil {
		return nil, err
	}
	l, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	fmt.Printf("port %s of this host is in use: %s stands for it\n", port, l.Addr())
	return l, nil
}

// relay joins each connection to l with a new one from dial, until l is closed.
func relay(l net.Listener, dial func() (net.Conn, error)) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer from.Close()
			to, err := dial()
			if err != nil {
				return // a browser says what it thinks of a closed connection
			}
			defer to.Close()
			join(from, to)
		}()
	}
}

// join copies both ways until both sides have said all.
func join(a, b net.Conn) {
	var wg sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			_, _ = io.Copy(way[1], way[0])
			if half, ok := way[1].(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
		})
	}
	wg.Wait()
}
