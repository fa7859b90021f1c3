package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/words"
)

func configuredBy(files ...string) *notify.Configured {
	c := &notify.Configured{}
	for n, f := range files {
		if n == 0 {
			c.File = f
		}
		c.Stamps = append(c.Stamps, StampOf(f))
	}
	return c
}

// TestWaitLock: who waits gets the lock, or an error that says why not.
func TestWaitLock(t *testing.T) {
	dir := t.TempDir()
	held := func(promise time.Duration) *Lock {
		t.Helper()
		l, err := TryLock(dir, "x")
		if err != nil || l == nil {
			t.Fatal(l, err)
		}
		l.Promise(promise)
		return l
	}

	l := held(time.Minute)
	if other, err := TryLock(dir, "x"); other != nil || err != nil {
		t.Errorf("%v %v: a lock that somebody has", other, err)
	}
	if _, err := WaitLock(t.Context(), dir, "x", 10*time.Millisecond); !errors.Is(err, errBusy) || !strings.Contains(err.Error(), "for 10ms") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("told to end"))
	if _, err := WaitLock(ctx, dir, "x", time.Hour); err == nil || !strings.HasSuffix(err.Error(), "told to end") {
		t.Error(err)
	}
	got := make(chan error, 1)
	go func() {
		next, err := WaitLock(t.Context(), dir, "x", time.Hour)
		if next != nil {
			next.Release()
		}
		got <- err
	}()
	l.Release()
	if err := <-got; err != nil {
		t.Error(err)
	}

	l = held(-time.Minute) // It hangs.
	if _, err := WaitLock(t.Context(), dir, "x", time.Hour); !errors.Is(err, ErrUnbelieved) {
		t.Error(err)
	}
	if _, err := WaitLock(t.Context(), dir, "x", time.Millisecond); !errors.Is(err, ErrUnbelieved) {
		t.Error(err)
	}
	l.Release()
	// Those that gave up have left nothing behind.
	for n := 0; ; n++ {
		l, err := TryLock(dir, "x")
		if err != nil {
			t.Fatal(err)
		}
		if l != nil {
			l.Release()
			break
		}
		if n > 1000 {
			t.Fatal("somebody who has given up keeps the lock")
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, f := range []func() error{
		func() error { _, err := TryLock("/dev/null/x", "x"); return err },
		func() error { _, err := WaitLock(t.Context(), "/dev/null/x", "x", time.Hour); return err },
	} {
		if err := f(); err == nil {
			t.Error("a lock in no directory")
		}
	}
	if Believe("/dev/null/x", "x") || Believe(dir, "never taken") {
		t.Error("a lock that nobody has is believed")
	}
}

// TestPromised: a promise holds until its end, and not for longer than anybody promises.
func TestPromised(t *testing.T) {
	now := SinceBoot()
	for text, want := range map[string]bool{
		words.Padded(int64(now+time.Minute), 20):            true,
		words.Padded(int64(now+maxPromise-time.Minute), 20): true,
		words.Padded(int64(now+maxPromise+time.Minute), 20): false, // of another boot
		words.Padded(int64(max(now-time.Minute, 0)), 20):    false,
		"": false, "soon": false, "-1": false, strings.Repeat("9", 40): false,
	} {
		path := filepath.Join(t.TempDir(), "lock")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := promised(int(f.Fd())); got != want {
			t.Errorf("%q: %t", text, got)
		}
		f.Close()
	}
}
