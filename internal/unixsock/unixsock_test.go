package unixsock

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/stranger"
)

func TestListen(t *testing.T) {
	for _, network := range []string{"unix", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s")
			listen := func(path string) (func() error, *Name, error) {
				if network == "unix" {
					l, name, err := Listen(path, 0o666)
					if err != nil {
						return nil, nil, err
					}
					return l.Close, name, nil
				}
				c, name, err := ListenDatagram(path, 0o666)
				if err != nil {
					return nil, nil, err
				}
				return c.Close, name, nil
			}
			closing, name, err := listen(path)
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Lstat(path)
			if err != nil || info.Mode() != fs.ModeSocket|0o666 || !name.There() {
				t.Fatalf("%v, %v", info, err)
			}
			if _, _, err := listen(path); err == nil || !strings.Contains(err.Error(), "another process listens on "+path) {
				t.Errorf("a second one: %v", err)
			}
			// Killed: the name stays, and the next one takes it.
			closing()
			closing, name, err = listen(path)
			if err != nil {
				t.Fatal("after a crash:", err)
			}
			defer closing()
			// Somebody else's now: it stays.
			os.Remove(path)
			os.WriteFile(path, nil, 0o644)
			name.Remove()
			if _, err := os.Lstat(path); err != nil {
				t.Error("another file of this name was removed")
			}
			if _, _, err := listen(path); err == nil || !strings.Contains(err.Error(), "no socket; remove it") {
				t.Errorf("beside a file: %v", err)
			}
			if _, _, err := listen(filepath.Join(path+".d", "s")); err == nil || !strings.Contains(err.Error(), "make the directory "+path+".d") {
				t.Errorf("without a directory: %v", err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".s.*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestSender(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	c, _, err := ListenDatagram(path, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	from, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	var b [4]byte
	for _, test := range []struct {
		text, want string
		whole      bool
	}{{"abcd", "abcd", true}, {"abcde", "abcd", false}, {"", "", true}} {
		if _, err := from.Write([]byte(test.text)); err != nil {
			t.Fatal(err)
		}
		n, uid, whole, err := Read(c, b[:])
		if err != nil || string(b[:n]) != test.want || whole != test.whole || uid != uint32(os.Getuid()) {
			t.Errorf("%q: %q, whole %v, user %d, %v", test.text, b[:n], whole, uid, err)
		}
	}
}

// Files that somebody sends along must not pile up here.
func TestSenderWithFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	c, _, err := ListenDatagram(path, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	to := &net.UnixAddr{Name: path, Net: "unixgram"}
	from, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path + ".from", Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	before := openFiles(t)
	for i := range 20 {
		if _, _, err := from.WriteMsgUnix([]byte("x"), rights(t, 1+10*i), to); err != nil {
			t.Fatal(err)
		}
		var b [4]byte
		if _, uid, _, err := Read(c, b[:]); err != nil || uid != uint32(os.Getuid()) {
			t.Errorf("user %d, %v", uid, err)
		}
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, %d were before", after, before)
	}
}

// TestStrangers: the kernel says who has sent a datagram and who has connected.
func TestStrangers(t *testing.T) {
	dir := stranger.Dir(t)
	c, _, err := ListenDatagram(filepath.Join(dir, "d"), 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	l, _, err := Listen(filepath.Join(dir, "s"), 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := stranger.Do(t, func() error {
		to, err := net.Dial("unixgram", filepath.Join(dir, "d"))
		if err != nil {
			return err
		}
		defer to.Close()
		if _, err := to.Write([]byte("x")); err != nil {
			return err
		}
		// It cannot say that it is root.
		root := unix.UnixCredentials(&unix.Ucred{Pid: int32(os.Getpid())})
		raw, err := to.(*net.UnixConn).SyscallConn()
		if err != nil {
			return err
		}
		var lied error
		if err := raw.Control(
			func(fd uintptr) { lied = unix.Sendmsg(int(fd), []byte("x"), root, nil, 0) },
		); err != nil || !errors.Is(lied, unix.EPERM) {
			return fmt.Errorf("it says that it is root: %w, %w", lied, err)
		}
		conn, err := net.Dial("unix", filepath.Join(dir, "s"))
		if err != nil {
			return err
		}
		return conn.Close()
	}); err != nil {
		t.Fatal(err)
	}
	if _, uid, _, err := Read(c, make([]byte, 8)); err != nil || uid != stranger.ID {
		t.Errorf("a datagram of user %d, %v", uid, err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if uid := Peer(conn); uid != stranger.ID {
		t.Errorf("a connection of user %d", uid)
	}
}
