package httpd

import (
	"net"
	"os"
	"strings"
	"testing"
)

// TestPassed: what systemd passes is served on, and what cannot be is named.
func TestPassed(t *testing.T) {
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	file := func(of interface{ File() (*os.File, error) }) *os.File {
		t.Helper()
		f, err := of.File()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	all, err := passed([]*os.File{file(tcp)})
	if err != nil || len(all) != 1 || all[0].Addr().String() != tcp.Addr().String() {
		t.Fatalf("a socket that listens: %v, %v", all, err)
	}
	CloseAll(all)
	if _, err := passed([]*os.File{file(tcp), file(udp)}); err == nil || !strings.Contains(err.Error(), "ListenStream=") {
		t.Errorf("one that does not: %v", err)
	}
	if _, err := passed(nil); err == nil || !strings.Contains(err.Error(), "lvsdns-exporter.socket") {
		t.Errorf("none: %v", err)
	}
	if _, err := Listen([]string{"127.0.0.1:0", tcp.Addr().String()}, false); err == nil {
		t.Error("a port that is taken is opened")
	}
}
