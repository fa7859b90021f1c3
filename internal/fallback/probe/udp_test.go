package probe_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/probe"
)

// silent takes datagrams, which nobody reads.
func silent(t testing.TB) (port int) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// TestThousandWait: a check that waits for an answer over UDP holds next to nothing.
func TestThousandWait(t *testing.T) {
	const asking, most = 1000, 24 << 10 // bytes for each
	for _, check := range []string{"DNS_CHECK {\n name example.com\n", "UDP_CHECK {\n require_reply 00\n"} {
		p := configured(t, "", fmt.Sprintf("%s connect_port %d\n connect_timeout 1\n}", check, silent(t)), probe.Options{})
		before := inUse()
		var all sync.WaitGroup
		for range asking {
			all.Go(func() {
				if r := p(t.Context()); r.Pass {
					t.Errorf("passed: %s", r.Reason)
				}
			})
		}
		ended := make(chan struct{})
		go func() { all.Wait(); close(ended) }()
		peak := uint64(0)
		for going := true; going; {
			select {
			case <-ended:
				going = false
			case <-time.After(50 * time.Millisecond):
			}
			peak = max(peak, inUse())
		}
		name, _, _ := strings.Cut(check, " ")
		t.Logf("%s: %d kB each", name, (peak-min(before, peak))/asking>>10)
		if peak > before+asking*most {
			t.Errorf("%s: %d MB at once", name, (peak-before)>>20)
		}
	}
}

// TestLargestDatagram: nothing of the largest datagram is cut off, and an empty one is one.
func TestLargestDatagram(t *testing.T) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const largest = 65507 // what IPv4 and UDP leave of 65,535
	for _, size := range []int{0, 1, largest} {
		go func() {
			_, from, err := conn.ReadFromUDPAddrPort(make([]byte, 512))
			if err == nil {
				_, err = conn.WriteToUDPAddrPort(make([]byte, size), from)
			}
			if err != nil {
				t.Error(err)
			}
		}()
		port := conn.LocalAddr().(*net.UDPAddr).Port
		r := configured(t, "", fmt.Sprintf("UDP_CHECK {\n connect_port %d\n connect_timeout 20\n require_reply 00\n min_reply_length 2\n max_reply_length 3\n}", port), probe.Options{})(t.Context())
		if want := fmt.Sprintf("the reply has %d bytes, want 2 to 3", size); r.Pass || r.Reason != want {
			t.Errorf("%d bytes: %+v", size, r)
		}
	}
}

// BenchmarkUDP is a check over UDP that is answered at once: it holds no more than its answer has.
func BenchmarkUDP(b *testing.B) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	go func() {
		for buffer := make([]byte, 512); ; {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			buffer[2] |= 0x80
			_, _ = conn.WriteToUDPAddrPort(buffer[:n], from)
		}
	}()
	p := configured(b, "", fmt.Sprintf("DNS_CHECK {\n connect_port %d\n name example.com\n}", conn.LocalAddr().(*net.UDPAddr).Port), probe.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if r := p(b.Context()); !r.Pass {
			b.Fatal(r.Reason)
		}
	}
}
