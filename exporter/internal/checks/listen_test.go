package checks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/lvsdns/lvsdns/checker/report"
)

// listening runs Listen until the test ends, and waits until the socket is there.
func listening(t *testing.T, path string) *Memory {
	t.Helper()
	c := New(Config{Socket: path})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Listen(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); err == nil && c.state() == nil {
			t.Error("the socket was left behind")
		}
	})
	until(t, func() bool {
		_, listened, _ := c.ForDrift(nil)
		return listened > 0 || c.state() != nil
	})
	return c
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

func send(t *testing.T, path string, datagram []byte) {
	t.Helper()
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(datagram); err != nil {
		t.Fatal(err)
	}
}

// TestListen takes what the checker itself sends.
func TestListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "check.sock")
	c := listening(t, path)
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("mode %v, %v: keepalived's script user must be able to write", info.Mode(), err)
	}
	refused := 5
	r := checker.Result{
		Server: netip.MustParseAddrPort("198.51.100.1:53"), Transport: checker.Both, Outcome: checker.Rcode, Reason: "udp: REFUSED, expected NOERROR",
		Decided: checker.QuestionResult{Question: checker.Question{Name: "example.com.", Type: 6}, Rcode: &refused},
	}
	report.Send(path, report.New(r, exit.Misc, time.Now()).Took(2*time.Second))
	send(t, path, bytes.Repeat([]byte("x"), maxDatagram+1))
	send(t, path, nil)
	send(t, path, []byte("garbage"))
	until(t, func() bool { return c.View(nil).Datagrams[Malformed] == 2 })
	v := c.View(nil)
	want := heartbeat{
		Key:  Key{server: "198.51.100.1:53", name: "example.com.", qtype: "SOA", transport: "both", path: "rip"},
		addr: r.Server, outcome: "rcode", reason: r.Reason, rcode: "REFUSED", code: &refused, duration: 2,
	}
	if len(v.Checks) != 1 || !reflect.DeepEqual(v.Checks[0].heartbeat, want) {
		t.Errorf("%+v, want %+v", v.Checks, want)
	}
	if v.Datagrams[Oversize] != 1 || v.Datagrams[Accepted] != 1 {
		t.Errorf("%v", v.Datagrams)
	}
}

// TestFlood has a check report while somebody sends as fast as it goes.
func TestFlood(t *testing.T) {
	path := filepath.Join(t.TempDir(), "check.sock")
	c := listening(t, path)
	for i := range 5 {
		conn, err := net.Dial("unixgram", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() {
			for n := 0; ; n++ {
				if _, err := conn.Write([]byte(strings.Replace(oneReport, "example.com.", fmt.Sprintf("x%d-%d.", i, n), 1))); err != nil {
					return // The test has ended.
				}
			}
		}()
	}
	until(t, func() bool {
		send(t, path, []byte(oneReport))
		v := c.View(nil)
		return v.Datagrams[Refused] > 1000 && len(v.Checks) == v.limit
	})
}

func TestStaleSocket(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string // in the trouble; empty: it listens
	}{
		{"nothing there", func(*testing.T, string) {}, ""},
		{"left behind by a crash", func(t *testing.T, path string) {
			l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			l.Close() // leaves the file
			if _, err := os.Lstat(path); err != nil {
				t.Fatal(err)
			}
		}, ""},
		{"another listens", func(t *testing.T, path string) {
			l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
		}, "another process listens"},
		{"a file", func(t *testing.T, path string) { os.WriteFile(path, []byte("precious"), 0o600) }, "is there and no socket"},
		{"a link to a file", func(t *testing.T, path string) { os.Symlink("/etc/passwd", path) }, "is there and no socket"},
		{"a directory", func(t *testing.T, path string) { os.Mkdir(path, 0o755) }, "is there and no socket"},
		{"no directory", func(t *testing.T, path string) { os.Remove(filepath.Dir(path)) }, "no such file or directory; make the directory "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "run", "check.sock")
			os.Mkdir(filepath.Dir(path), 0o755)
			tt.prepare(t, path)
			ctx, cancel := context.WithCancel(t.Context())
			c := New(Config{Socket: path})
			ended := make(chan error, 1)
			go func() { ended <- c.listenOnce(ctx, time.Hour) }()
			var err error
			if tt.want == "" {
				until(t, func() bool { _, listened, _ := c.ForDrift(nil); return listened > 0 })
				defer func() { cancel(); <-ended }()
			} else {
				defer cancel()
				err = <-ended
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if tt.want == "" {
				send(t, path, []byte(oneReport))
				until(t, func() bool { return c.View(nil).Datagrams[Accepted] == 1 })
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
				t.Errorf("left behind: %s", left)
			}
			if tt.name == "a file" {
				if b, _ := os.ReadFile(path); string(b) != "precious" {
					t.Error("the file is gone")
				}
			}
		})
	}
}

// TestSocketIsRemoved is what a careless tmpfiles rule does: the socket comes back by itself.
func TestSocketIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "check.sock")
	c := New(Config{Socket: path})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.listenOnce(ctx, 10*time.Millisecond) }()
	until(t, func() bool { _, err := os.Lstat(path); return err == nil })
	// Somebody who sends without an end does not hide it.
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		for {
			if _, err := conn.Write([]byte("x")); err != nil {
				return
			}
		}
	}()
	os.Remove(path)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "was removed") {
		t.Errorf("%v", err)
	}
	go func() { done <- c.listenOnce(ctx, 10*time.Millisecond) }()
	until(t, func() bool { _, err := os.Lstat(path); return err == nil })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket was left behind: %v", err)
	}
}
