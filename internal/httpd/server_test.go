package httpd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// serve serves pages of some size on a loopback port until the test ends, and returns the port's address.
func serve(t *testing.T, size int, limits Limits) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	press := Press{Budget: 4 * size}
	m := &made{size: size}
	s := &Server{
		Listeners: []net.Listener{l}, Limits: limits, Log: slog.New(slog.DiscardHandler),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			page, err := press.Get(r.Context(), "page", m.print)
			if err != nil {
				return
			}
			Send(w, r, page)
		}),
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("serve:", err)
		}
	})
	return l.Addr().String()
}

// says opens a connection and sends a text; nothing else happens to it.
func says(t *testing.T, to, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// honest asks for the page and reads it.
func honest(t *testing.T, address string, size int) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + address + "/")
	if err != nil {
		t.Fatal("an honest reader:", err)
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); err != nil || n != int64(size) {
		t.Errorf("an honest reader got %d bytes of %d, %v", n, size, err)
	}
}

// A test that hangs here fails by the time limit of the test binary: the server was to end these connections.
func TestServerEndsWhatDoesNotCome(t *testing.T) {
	address := serve(t, 10, Limits{Request: 200 * time.Millisecond})
	for name, text := range map[string]string{
		"nothing":             "",
		"half a request line": "GET /met",
		"headers without end": "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
		"a body of GET":       "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n",
		"a body of POST":      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n",
		"a chunked body":      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
	} {
		t.Run(name, func(t *testing.T) {
			_, _ = io.Copy(io.Discard, says(t, address, text))
		})
	}
}

func TestServerRefusesLargeHeaders(t *testing.T) {
	address := serve(t, 10, Limits{})
	conn := says(t, address, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
	go func() { _, _ = io.WriteString(conn, "X: "+strings.Repeat("x", 900_000)+"\r\n\r\n") }()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%v, %v; want 431", response, err)
	}
}

// Readers who take nothing, and others who never ask, hold all places; an honest one is answered all the same, each time.
func TestServerAnswersBesideTheOthers(t *testing.T) {
	const size = 8 << 20
	address := serve(t, size, Limits{Connections: 16})
	for i := range 100 {
		says(t, address, fmt.Sprintf("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Reader: %d\r\n\r\n", i))
		says(t, address, "GET / HTTP/1.1\r\n")
		if i%20 == 19 {
			honest(t, address, size)
		}
	}
}

// A reader who takes nothing is cut off, and the page in its hands is free.
func TestServerCutsOffWhoTakesNothing(t *testing.T) {
	const size = 32 << 20 // more than the buffers of both sockets take
	address := serve(t, size, Limits{Stall: 200 * time.Millisecond})
	conn := says(t, address, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // It takes nothing: this is the case, not a limit of time.
	n, err := io.Copy(io.Discard, conn)
	if n > size-(1<<20) {
		t.Errorf("the reader who slept got %d bytes, %v; want it cut off", n, err)
	}
}
