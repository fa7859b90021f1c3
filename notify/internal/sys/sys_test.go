package sys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestReadProc reads a file of /proc, one that is larger than the room for it, and none.
func TestReadProc(t *testing.T) {
	stat, err := ReadProc("/proc/self/stat", 1<<10)
	if err != nil || !strings.Contains(string(stat), "(") || len(stat) > 1<<10 {
		t.Errorf("%q, %v", stat, err)
	}
	if text, err := ReadProc("/proc/self/stat", 5); err != nil || len(text) != 5 || !strings.HasPrefix(string(stat), string(text)) {
		t.Errorf("%q, %v: want the first 5 bytes", text, err)
	}
	_, err = ReadProc("/proc/self/none", 5)
	var path *os.PathError
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &path) || path.Path != "/proc/self/none" {
		t.Error(err)
	}
	if _, err := ReadProc("/proc/self", 5); !errors.Is(err, syscall.EISDIR) {
		t.Error(err)
	}
}

func TestExists(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"file": true, "none": false, "none/either": false,
		"file/below": true, // It can't be looked at: whoever asks goes on and says what is wrong.
	} {
		if got := Exists(filepath.Join(dir, name)); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestRetry calls again after a signal, and after nothing else.
func TestRetry(t *testing.T) {
	for _, tt := range []struct {
		answers []error
		want    error
		calls   int
	}{
		{[]error{nil}, nil, 1},
		{[]error{syscall.EINTR, syscall.EINTR, nil}, nil, 3},
		{[]error{syscall.EINTR, syscall.EIO}, syscall.EIO, 2},
		{[]error{syscall.EAGAIN}, syscall.EAGAIN, 1},
	} {
		calls := 0
		err := Retry(func() error { calls++; return tt.answers[calls-1] })
		if !errors.Is(err, tt.want) || calls != tt.calls {
			t.Errorf("%v: %v after %d calls", tt.answers, err, calls)
		}
	}
}
