package checker

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// TestArrivalByTheKernelsClock plays a check that got no CPU: the answer
// came in time, and is read when the deadline has long passed.
func TestArrivalByTheKernelsClock(t *testing.T) {
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	conn, err := From{}.listenUDP(t.Context(), server.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: conn.LocalAddr().(*net.UDPAddr).Port}
	send := func(text string) {
		if _, err := server.WriteTo([]byte(text), to); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	send("in time")
	time.Sleep(20 * time.Millisecond) // loopback delivers in the sender's own system call
	end := time.Now()
	time.Sleep(20 * time.Millisecond)
	send("too late")
	if err := conn.SetDeadline(end); err != nil {
		t.Fatal(err)
	}
	in := inbox{conn: conn, buf: make([]byte, 512)}
	packet, _, arrived, err := in.next(start, end)
	if err != nil || string(packet) != "in time" || arrived.Before(start) || arrived.After(end) {
		t.Errorf("got %q, arrived %v after the start, %v; want the datagram that came in time", packet, arrived.Sub(start), err)
	}
	if packet, _, _, err := in.next(start, end); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %q, %v; want a deadline that has passed", packet, err)
	}
}

func TestArrivalOutsideThePossible(t *testing.T) {
	start := time.Unix(1000, 0)
	now := start.Add(time.Second)
	for _, tt := range []struct {
		name string
		oob  []byte
	}{
		{"no control message", nil},
		{"half a control message", []byte{1, 2, 3}},
		{"another control message", make([]byte, 32)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := arrival(tt.oob, start, now); !got.Equal(now) {
				t.Errorf("arrival %v, want now", got)
			}
		})
	}
}
