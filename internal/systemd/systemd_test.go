package systemd

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestNotifier(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000"}
	n := New(func(name string) string { return env[name] })
	now := time.Unix(100, 0)
	for _, step := range []func() error{
		func() error { return n.Say("READY=1") },
		func() error { return n.Beat(now) }, func() error { return n.Beat(now.Add(time.Second / 2)) }, func() error { return n.Beat(now.Add(time.Second)) },
		func() error { return n.Say("STOPPING=1") },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	buf := make([]byte, 100)
	for range 4 {
		n, err := l.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(buf[:n]))
	}
	if strings.Join(got, " ") != "READY=1 WATCHDOG=1 WATCHDOG=1 STOPPING=1" {
		t.Error(got)
	}
}

// TestNobody: without systemd, or with words that are none of its, nobody is told and nothing fails.
func TestNobody(t *testing.T) {
	for _, usec := range []string{"", "x", "-1", "0"} {
		n := New(func(name string) string { return map[string]string{"WATCHDOG_USEC": usec}[name] })
		if n.Watchdog != 0 || n.Say("READY=1") != nil || n.Beat(time.Unix(100, 0)) != nil {
			t.Errorf("%q: %+v", usec, n)
		}
	}
}
