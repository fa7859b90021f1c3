package dnstap

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestNoDescriptorLeft: a process that can open nothing for a while goes on listening, and those who are connected stay.
func TestNoDescriptorLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tap")
	l := start(t, path, 0)
	dial := func() net.Conn {
		t.Helper()
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	first := dial()
	await(t, l, "it is connected", func(r Report) bool { return r.Connections == 1 })

	// What connects has its descriptor before there are none left.
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = uint64(fd) + 1
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) }()
	var taken []*os.File // descriptors below that one
	for {
		f, err := os.Open("/dev/null")
		if err != nil {
			break
		}
		taken = append(taken, f)
	}
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	await(t, l, "it cannot take the connection", func(Report) bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return !l.warned.IsZero()
	})
	if r := l.Read(); r.Err != nil || r.Connections != 1 {
		t.Errorf("without descriptors: %d connections, %v", r.Connections, r.Err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	for _, f := range taken {
		_ = f.Close()
	}
	await(t, l, "both are connected", func(r Report) bool { return r.Connections == 2 && r.Accepted == 2 })
	if _, err := first.Write([]byte{0}); err != nil {
		t.Errorf("the first one was cut off: %v", err)
	}
}
