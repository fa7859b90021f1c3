package daemon

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// systemdOf listens in the place of systemd, and returns what it was told since.
func systemdOf(t *testing.T, usec string) (told func() []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "n")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", usec)
	t.Setenv("WATCHDOG_PID", "")
	end, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end.Close() })
	return func() (all []string) {
		if _, err := end.Write([]byte("end")); err != nil {
			t.Fatal(err)
		}
		for buf := make([]byte, 100); ; {
			n, err := l.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			if string(buf[:n]) == "end" {
				return all
			}
			all = append(all, string(buf[:n]))
		}
	}
}

// TestLife: systemd hears when the service is ready, that it lives, and that it ends.
func TestLife(t *testing.T) {
	told := systemdOf(t, "3000000")
	synctest.Test(t, func(t *testing.T) {
		d := New("text", slog.LevelInfo, io.Discard)
		ctx, stop := context.WithCancel(t.Context())
		hangup, reloads := make(chan struct{}), 0
		ctx = d.Start(ctx)
		d.Go(ctx, Reloads(hangup, func(context.Context) { reloads++ }, d.Alive))
		d.Ready()
		hangup <- struct{}{}
		hangup <- struct{}{}
		time.Sleep(4*time.Second + time.Millisecond)
		stop()
		if err := d.Wait(); err != nil || reloads != 2 {
			t.Errorf("%v, %d reloads", err, reloads)
		}
	})
	want := []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"}
	if got := told(); !slices.Equal(got, want) {
		t.Errorf("systemd hears %q, want %q", got, want)
	}
}

// TestAlive: signs of life as often as the service likes, and three of them in systemd's interval.
func TestAlive(t *testing.T) {
	told := systemdOf(t, "30000000")
	synctest.Test(t, func(t *testing.T) {
		d := New("text", slog.LevelInfo, io.Discard)
		for range 300 {
			d.Alive()
			time.Sleep(100 * time.Millisecond)
		}
	})
	if got := told(); len(got) != 3 {
		t.Errorf("in 30 s systemd hears %q", got)
	}
}

// TestNoWatchdog: where systemd waits for no sign of life, or for one of another process, it gets none.
func TestNoWatchdog(t *testing.T) {
	for _, tt := range []struct{ name, usec, pid, warns string }{
		{"none is asked for", "", "", ""},
		{"another process is asked", "1000000", "1", ""},
		{"no number", "x", "", "systemd's watchdog gets no sign of life"},
		{"no time", "0", "", "systemd's watchdog gets no sign of life"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			told := systemdOf(t, tt.usec)
			t.Setenv("WATCHDOG_PID", tt.pid)
			var log bytes.Buffer
			New("text", slog.LevelInfo, &log).Alive()
			if got := told(); len(got) > 0 || strings.Contains(log.String(), "level=WARN") != (tt.warns != "") ||
				!strings.Contains(log.String(), tt.warns) {
				t.Errorf("it hears %q, and the log has %q", got, &log)
			}
		})
	}
}

// TestNobody: without systemd nothing is said, and one that does not listen is named and nothing more.
func TestNobody(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	for socket, want := range map[string]string{"": "", filepath.Join(t.TempDir(), "gone"): "systemd does not listen"} {
		t.Setenv("NOTIFY_SOCKET", socket)
		var log bytes.Buffer
		d := New("json", slog.LevelInfo, &log)
		d.Start(t.Context())
		d.Ready()
		if err := d.Wait(); err != nil || (log.Len() > 0) != (want != "") || !strings.Contains(log.String(), want) {
			t.Errorf("%q: %v, %q", socket, err, &log)
		}
	}
}

// TestOneEnds: the error of one part ends all of them.
func TestOneEnds(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	broken := errors.New("broken")
	d := New("text", slog.LevelInfo, io.Discard)
	ctx := d.Start(t.Context())
	d.Go(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil })
	d.Go(ctx, func(ctx context.Context) error {
		d.Go(ctx, func(context.Context) error { return broken }) // as a reload may
		<-ctx.Done()
		return nil
	})
	if err := d.Wait(); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestLog(t *testing.T) {
	for format, want := range map[string]string{"json": `"msg":"shown"`, "text": "msg=shown"} {
		var log bytes.Buffer
		d := New(format, slog.LevelWarn, &log)
		d.Log.Info("hidden")
		d.SetLevel(slog.LevelInfo)
		d.Log.Info("shown")
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, want) {
			t.Errorf("%s: %q", format, text)
		}
	}
}

// TestHangups: a signal that comes while nobody listens waits.
func TestHangups(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	hangup := Hangups(ctx)
	for range 2 {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		<-hangup
	}
	stop()
}
