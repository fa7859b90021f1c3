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
		for range n {
			go hold(r, kind, stop)
		}
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

// hold says something and takes nothing, until it is sent away; then it comes again.
func hold(r *rig, says string, stop chan struct{}) {
	for {
		conn, err := r.director.Dial("tcp", "127.0.0.1:9741")
		if err == nil {
			_ = conn.(*net.TCPConn).SetReadBuffer(4096)
			_, err = io.WriteString(conn, says)
		}
		for err == nil {
			select {
			case <-stop:
				conn.Close()
				return
			case <-time.After(time.Second):
				if gone(conn) {
					err = io.EOF
				}
			}
		}
		if conn != nil {
			conn.Close()
		}
		select {
		case <-stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
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
