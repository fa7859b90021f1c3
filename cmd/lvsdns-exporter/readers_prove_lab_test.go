//go:build lab && prove

package main_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestReadersWhoDoNotRead has a director of 1,000 virtual servers with ten real servers each and a gigabyte of memory meet 500 readers
// who ask and take nothing, 1,000 who never finish their request, and 1,000 who announce a body that never comes. All come again when they
// are sent away. Beside them an honest reader scrapes 100 times, and the exporter stays small.
func TestReadersWhoDoNotRead(t *testing.T) {
	const most = 150 << 20 // bytes of memory
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = limit.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	r.director.IPVSAdm(bigTable(1000, 10)...)
	r.start()
	t.Logf("at rest: %d MB", memory(t, r.exporter.PID(), "VmRSS")>>20)

	stop := make(chan struct{})
	defer close(stop)
	for kind, n := range map[string]int{
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n":                            250,
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n":   150,
		"GET /api/v1/state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n":                       50,
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n":                                   50,
		"GET /metrics HTTP/1.1\r\nHost: ":                                             1000,
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n": 1000,
	} {
		go hold(r.director, n, kind, stop)
	}
	for i := range 100 {
		body, err := r.director.Get(t.Context(), "http://127.0.0.1:9741/metrics")
		page := string(body)
		if err != nil {
			t.Fatalf("honest scrape %d: %v", i, err)
		}
		if n := seriesCount(page, "lvsdns_ipvs_real_server_weight{"); n != 10000 {
			t.Fatalf("honest scrape %d has %d real servers", i, n)
		}
		if i%20 == 0 {
			t.Logf("after %d scrapes: %d MB", i+1, memory(t, r.exporter.PID(), "VmRSS")>>20)
		}
	}
	peak := memory(t, r.exporter.PID(), "VmHWM")
	t.Logf("at its most: %d MB", peak>>20)
	if peak > most {
		t.Errorf("the exporter took %d MB, want %d at most", peak>>20, most>>20)
	}
	if !r.exporter.Running() {
		t.Error("the exporter has ended")
	}
}

// hold has n connections, says something in each and takes nothing. Each one that is sent away comes again within a second. That is
// one loop for all: the honest reader is to share this machine with those who attack, not with a thousand threads of a test.
func hold(on *labtest.Host, n int, says string, stop chan struct{}) {
	conns := make([]net.Conn, n)
	for {
		_ = on.Inside(func() error { again(conns, says); return nil })
		select {
		case <-time.After(time.Second):
		case <-stop:
			for _, conn := range conns {
				if conn != nil {
					conn.Close()
				}
			}
			return
		}
	}
}

// again opens the connections that are not there.
func again(conns []net.Conn, says string) {
	for i, conn := range conns {
		if conn != nil && !gone(conn) {
			continue
		}
		if conn != nil {
			conn.Close()
		}
		conns[i] = visit(says)
	}
}

// visit opens a connection and says something; nil when that fails.
func visit(says string) net.Conn {
	conn, err := net.DialTimeout("tcp", "127.0.0.1:9741", 3*time.Second)
	if err != nil {
		return nil
	}
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	if _, err := io.WriteString(conn, says); err != nil {
		conn.Close()
		return nil
	}
	return conn
}

// gone reports whether the other side has closed a connection, without reading from it.
func gone(conn net.Conn) bool {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return true
	}
	ended := true
	_ = raw.Control(func(fd uintptr) {
		const established = 1
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		ended = err != nil || info.State != established
	})
	return ended
}

// memory is a figure of /proc/PID/status, in bytes.
func memory(t *testing.T, pid int, what string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), what+":")
	var kB int64
	if _, err := fmt.Sscan(after, &kB); err != nil {
		t.Fatalf("%s of process %d: %v", what, pid, err)
	}
	return kB << 10
}
