package hook

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestSay: keepalived gives its scripts /dev/null for standard error. Then the system log has what there is to say.
func TestSay(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "log")
	log, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	heard := func(limit time.Duration) string {
		buffer := make([]byte, 1<<10)
		_ = log.SetReadDeadline(time.Now().Add(limit))
		n, _ := log.Read(buffer)
		return string(buffer[:n])
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	Say(null, socket, "it is wrong")
	if text := heard(time.Minute); !regexp.MustCompile(`^<28>lvsdns-notify\[[0-9]+\]: it is wrong$`).MatchString(text) { // daemon.warning: RFC 5424, 6.2.1
		t.Errorf("%q", text)
	}
	Say(null, filepath.Join(dir, "none"), "nobody listens")

	out, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	Say(out, socket, "it is wrong")
	out.Close()
	if text, err := os.ReadFile(out.Name()); err != nil || string(text) != "lvsdns-notify: it is wrong\n" {
		t.Errorf("%q, %v", text, err)
	}
	Say(out, socket, "it is closed")
	if text := heard(time.Minute); !strings.HasSuffix(text, "it is closed") {
		t.Errorf("%q: want what a closed file can't take, and nothing before it", text)
	}
}

// TestIsNull: another device with no end is not /dev/null.
func TestIsNull(t *testing.T) {
	for path, want := range map[string]bool{os.DevNull: true, "/dev/zero": false, "/proc/self/stat": false} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := isNull(f); got != want {
			t.Errorf("%s: %t", path, got)
		}
		f.Close()
	}
}

// TestBecause: the words before an error leave it what it is.
func TestBecause(t *testing.T) {
	err := Because("do it", os.ErrNotExist)
	if !errors.Is(err, os.ErrNotExist) || OneLine(err) != "do it: file does not exist" {
		t.Error(err)
	}
}
