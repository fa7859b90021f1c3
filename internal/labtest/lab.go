package labtest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// T is the part of *testing.T that a Lab needs. Fatalf must not return.
type T interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Lab is one drawing: its networks, its hosts and what runs on them.
type Lab struct {
	t     T
	dir   string
	hosts []*Host
	lans  []*LAN
}

// New makes an empty lab that is taken down when t ends.
func New(t T) *Lab {
	t.Helper()
	if os.Getenv("LVSDNS_LAB") == "" {
		t.Fatalf("labtest: LVSDNS_LAB is not set: run this in the lab (go test -tags lab -exec bin/lab-run)")
	}
	// User-mode Linux keeps a file of the host open for each inode that it remembers (fs/hostfs/hostfs_kern.c, hostfs_open), and the host
	// has a limit for that: after a test that looks at every file the next would find "too many open files".
	if os.Getenv("LVSDNS_LAB") == "uml" {
		_ = os.WriteFile("/proc/sys/vm/drop_caches", []byte("2"), 0) // without it, the lab is only nearer to the limit
	}
	dir, err := os.MkdirTemp("/run", "lab-")
	if err != nil {
		t.Fatalf("labtest: make the scenario's directory: %v", err)
	}
	// keepalived and name servers that drop privileges must be able to walk in.
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatalf("labtest: open the scenario's directory: %v", err)
	}
	l := &Lab{t: t, dir: dir}
	t.Cleanup(l.close)
	l.modprobe("bridge", "veth", "ip_vs", "ipip", "ip6_tunnel")
	return l
}

// Dir is the directory for this lab's files: configurations, logs, scripts.
func (l *Lab) Dir() string { return l.dir }

// Script writes an executable shell script and returns its path. Path and
// owner satisfy keepalived's script security.
func (l *Lab) Script(name, body string) string {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		l.t.Fatalf("labtest: write script %s: %v", name, err)
	}
	return path
}

// WaitFor polls until cond holds and returns how long that took. When the limit
// passes first the test ends, with the IPVS tables and the tails of all logs.
func (l *Lab) WaitFor(what string, limit time.Duration, cond func() bool) time.Duration {
	l.t.Helper()
	start := time.Now()
	for !cond() {
		select {
		case <-l.t.Context().Done():
			l.t.Fatalf("waiting for %q: %v", what, context.Cause(l.t.Context()))
		case <-time.After(100 * time.Millisecond):
		}
		if time.Since(start) > limit {
			l.t.Fatalf("waited %v for %q in vain\n%s", limit, what, l.Dump())
		}
	}
	return time.Since(start)
}

// Dump shows the IPVS table of each director and the end of every log.
func (l *Lab) Dump() string {
	var b strings.Builder
	for _, h := range l.hosts {
		if h.director {
			out, err := h.Run(context.Background(), "ipvsadm", "-Ln")
			fmt.Fprintf(&b, "--- %s: ipvsadm -Ln\n%s", h.Name, out)
			if err != nil {
				fmt.Fprintln(&b, err)
			}
		}
		for _, p := range h.procs {
			fmt.Fprintf(&b, "--- %s: end of %s\n%s\n", h.Name, p.log, tail(p.Log(), 25))
		}
	}
	return b.String()
}

// must ends the test when err is not nil.
func (l *Lab) must(err error, format string, args ...any) {
	if err != nil {
		l.t.Helper()
		l.t.Fatalf("labtest: %s: %v", fmt.Sprintf(format, args...), err)
	}
}

// modprobe loads what the kernel does not have yet. That it fails is no news in a kernel
// with the feature built in; where it matters the next command says so.
func (l *Lab) modprobe(modules ...string) {
	var missing []string
	for _, m := range modules {
		if _, err := os.Stat("/sys/module/" + m); err != nil {
			missing = append(missing, m)
		}
	}
	if len(missing) > 0 {
		_ = exec.Command("modprobe", append([]string{"-a"}, missing...)...).Run()
	}
}

// ip feeds lines to one ip(8) in the guest's own namespace: a fork costs tens
// of milliseconds in the guest.
func (l *Lab) ip(lines ...string) error { return ipBatch(lines, "-batch", "-") }

func ipBatch(lines []string, args ...string) error {
	cmd := exec.Command("ip", args...)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip -batch: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// close ends all processes, then removes hosts and networks.
func (l *Lab) close() {
	var lines []string
	for _, h := range l.hosts {
		h.close()
		for i := range h.nics {
			// The kernel destroys a namespace some time after its removal; without
			// this line the next lab could still find the old interface.
			lines = append(lines, "link del "+h.port(i))
		}
		lines = append(lines, "netns del "+h.Name)
	}
	for _, n := range l.lans {
		lines = append(lines, "link del "+n.Name)
	}
	if len(lines) > 0 {
		// -force goes on after a line that fails: a host may be half made.
		if err := ipBatch(lines, "-force", "-batch", "-"); err != nil {
			l.t.Logf("labtest: take the lab down: %v", err)
		}
	}
	if err := os.RemoveAll(l.dir); err != nil {
		l.t.Logf("labtest: %v", err)
	}
}

// tail returns the last n lines of s.
func tail(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
