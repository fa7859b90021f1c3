package main

import (
	"io"
	"net"
	"strings"
	"testing"
)

func TestListenTakesAnotherPort(t *testing.T) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := listenNear(first.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if !strings.HasPrefix(second.Addr().String(), "127.0.0.1:") || second.Addr().String() == first.Addr().String() {
		t.Errorf("it listens on %s, want another port of 127.0.0.1 than that of %s", second.Addr(), first.Addr())
	}
}

// TestRelay: a server that answers only when it has heard all shows that each way ends by itself.
func TestRelay(t *testing.T) {
	server, front := loopback(t), loopback(t)
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			heard, _ := io.ReadAll(c)
			_, _ = c.Write([]byte(strings.ToUpper(string(heard))))
			c.Close()
		}
	}()
	go relay(front, func() (net.Conn, error) { return net.Dial("tcp", server.Addr().String()) })
	for range 2 {
		if got := talk(t, front); got != "HELLO" {
			t.Errorf("the answer is %q, want HELLO", got)
		}
	}
	server.Close()
	if got := talk(t, front); got != "" {
		t.Errorf("without a server the answer is %q, want none", got)
	}
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func talk(t *testing.T, to net.Listener) string {
	t.Helper()
	c, err := net.Dial("tcp", to.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte("hello"))
	_ = c.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(c) // a reset is no answer either
	return string(answer)
}
