package report

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker/exit"
)

// socketDir is short: the path of a socket has 107 bytes at most, and a
// test's own folder can be longer.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func listen(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestSend(t *testing.T) {
	path := filepath.Join(socketDir(t), "check.sock")
	conn := listen(t, path)
	Send(path, New(weightResult(), exit.MiscDynamic, ended).Took(2500*time.Microsecond))
	buf := make([]byte, 1<<16)
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"server":"192.0.2.1:53","name":"example.com.","type":"SOA","transport":"udp","path":"rip","outcome":"pass","reason":"NOERROR, 1 answer, 90 bytes","rcode":"NOERROR","flags":["qr","aa","rd"],"answers":1,"size":90,"latency_seconds":0.001234567,"attempts":1,"weight":40,"exit_status":42,` +
		`"exit_mode":"misc-dynamic","time":1795406400.123,"duration_seconds":0.0025}` + "\n"
	if got := string(buf[:n]); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// No socket, a full one, one that is none: Send comes back, from a full
// one after queueWait. The test binary's own time limit catches one that does not.
func TestSendNeverWaits(t *testing.T) {
	dir := socketDir(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(dir, "full")
	unread := listen(t, full)
	stream := filepath.Join(dir, "stream")
	listener, err := net.Listen("unix", stream)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	gone := filepath.Join(dir, "gone")
	closed, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: gone, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	const runs = 50
	for name, path := range map[string]string{
		"full":              full, // the kernel's queue for it holds ten by default
		"absent":            filepath.Join(dir, "absent"),
		"no folder":         filepath.Join(dir, "no", "such"),
		"a file":            file,
		"a folder":          dir,
		"a stream socket":   stream,
		"left by a program": gone,
		"longer than paths": filepath.Join(dir, strings.Repeat("x", 200)),
		"below a file":      filepath.Join(file, "socket"),
		"a device":          "/dev/null",
	} {
		t.Run(name, func(*testing.T) {
			for range runs {
				Send(path, told(passResult()))
			}
		})
	}
	if text, err := os.ReadFile(file); err != nil || len(text) != 0 {
		t.Errorf("the file was written to: %q, %v", text, err)
	}
	// The full one was really full: it kept some, not all, and those are whole.
	kept, buf := 0, make([]byte, 1<<16)
	for {
		if err := unread.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		n, err := unread.Read(buf)
		if err != nil {
			break
		}
		if kept++; !json.Valid(buf[:n]) {
			t.Errorf("not JSON: %q", buf[:n])
		}
	}
	if kept == 0 || kept == runs {
		t.Errorf("the socket that nobody reads kept %d of %d datagrams", kept, runs)
	}
}
