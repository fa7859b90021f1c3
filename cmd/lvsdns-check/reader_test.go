package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnstest"
)

// verdicts are checks whose status no reader may change, and those statuses.
func verdicts(t *testing.T) map[string]struct {
	args []string
	end  string
} {
	good := dnstest.Start(t, "127.0.0.1:0", servers["GOOD"]).Addr().String()
	bad := dnstest.Start(t, "127.0.0.1:0", servers["SERVFAIL"]).Addr().String()
	return map[string]struct {
		args []string
		end  string
	}{
		"pass":     {[]string{"--timeout", "30s", good}, "exit 0"},
		"fail":     {[]string{"--timeout", "30s", bad}, "exit 1"},
		"weight":   {[]string{"--timeout", "30s", "--exit-mode", "misc-dynamic", "--weight-by", "latency:30s=10,60s=1", good}, "exit 12"},
		"critical": {[]string{"--timeout", "30s", "--exit-mode", "nagios", "--output", "nagios", bad}, "exit 2"},
		"long":     {[]string{"--timeout", "30s", "--output", "prometheus", good}, "exit 0"},
		"bad flag": {[]string{"--nosuch"}, "exit 1"},
		"help":     {[]string{"--help"}, "exit 1"},
	}
}

// fullPipe is the writing end of a pipe that holds all it can.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	for err == nil {
		if err = w.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err == nil {
			_, err = w.Write(make([]byte, 4096))
		}
	}
	return w
}

// brokenPipe is the writing end of a pipe whose reader has gone.
func brokenPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	r.Close()
	return w
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// Whoever reads the output, or does not, the verdict is the server's.
func TestReaderHasNoSay(t *testing.T) {
	for reader, output := range map[string]func(t *testing.T) *os.File{
		"gone":   brokenPipe,
		"asleep": fullPipe,
		"full":   func(t *testing.T) *os.File { return open(t, "/dev/full") },
		"nobody": func(t *testing.T) *os.File { return open(t, os.DevNull) },
	} {
		for name, c := range verdicts(t) {
			t.Run(reader+" "+name, func(t *testing.T) {
				t.Parallel()
				cmd := start(t, func(ctx context.Context) *exec.Cmd {
					cmd := exec.CommandContext(ctx, program(), c.args...)
					f := output(t)
					cmd.Stdout, cmd.Stderr = f, f
					return cmd
				})
				if got := ended(t, cmd); got != c.end {
					t.Errorf("%s, want %s", got, c.end)
				}
			})
		}
	}
	// A shell can close what os/exec cannot leave closed.
	for _, closed := range []string{">&-", "2>&-", "<&-", "<&- >&- 2>&-"} {
		for name, c := range verdicts(t) {
			t.Run("closed "+closed+" "+name, func(t *testing.T) {
				t.Parallel()
				cmd := start(t, func(ctx context.Context) *exec.Cmd {
					return exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", `exec "$0" "$@" ` + closed, program()}, c.args...)...)
				})
				if got := ended(t, cmd); got != c.end {
					t.Errorf("%s, want %s", got, c.end)
				}
			})
		}
	}
}

// keepalived reads a check that a signal ended in another way than one that
// ended by itself: a signal is answered with the status of a failure.
func TestSignalInTheMiddle(t *testing.T) {
	type running struct {
		*exec.Cmd
		output strings.Builder
		third  chan struct{} // closed when the program has asked three times
	}
	for _, mode := range []struct{ name, end string }{
		{"misc", "exit 1"}, {"misc-dynamic", "exit 1"}, {"haproxy", "exit 1"}, {"nagios", "exit 3"},
	} {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
			// All of them start before the first is waited for.
			r := &running{third: make(chan struct{})}
			server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
				if q.N == 3 {
					close(r.third)
				}
			})
			// The program listens to signals a moment after it has begun. Its third try is a second
			// later by its own clock, however busy this machine is.
			r.Cmd = start(t, func(ctx context.Context) *exec.Cmd {
				cmd := exec.CommandContext(ctx, program(), "--timeout", "50s", "--attempts", "100", "--exit-mode", mode.name, server.Addr().String())
				cmd.Stdout, cmd.Stderr = &r.output, &r.output
				return cmd
			})
			t.Run(mode.name+" "+sig.String(), func(t *testing.T) {
				t.Parallel()
				<-r.third
				if err := r.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				if got := ended(t, r.Cmd); got != mode.end || strings.Contains(r.output.String(), "PASS") {
					t.Errorf("%s, want %s; output %.200q", got, mode.end, r.output.String())
				}
			})
		}
	}
}

// Before that moment a signal may end the process, and never with a status
// that is a pass.
func TestSignalAtOnce(t *testing.T) {
	server := dnstest.Start(t, "127.0.0.1:0", func(*dnstest.Query) {})
	for range 20 {
		cmd := start(t, func(ctx context.Context) *exec.Cmd {
			return exec.CommandContext(ctx, program(), "--timeout", "50s", "--exit-mode", "misc-dynamic", server.Addr().String())
		})
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if got := ended(t, cmd); got != "exit 1" && got != "killed by terminated" {
			t.Errorf("%s", got)
		}
	}
}
