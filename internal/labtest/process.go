package labtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// Process is a program that runs on a host until it is ended, at the latest with the lab.
type Process struct {
	host *Host
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the program has ended and was waited for
}

// Run runs a command on the host and returns its standard output. An error
// carries the standard error; errors.As finds *exec.ExitError in it.
func (h *Host) Run(ctx context.Context, name string, args ...string) (string, error) {
	return h.run(ctx, "", name, args...)
}

func (h *Host) run(ctx context.Context, stdin, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = h.dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// For a daemon that keeps our pipe. A guest that the host lets wait needs seconds for the last bytes of the others.
	cmd.WaitDelay = 10 * time.Second
	err := netns.Do(h.netns, cmd.Start)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		err = fmt.Errorf("%s: %s %s: %w: %s", h.Name, name, strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.String(), err
}

// Start starts a program in the background. Its output is appended to a log of its name in
// the host's directory.
func (h *Host) Start(name string, args ...string) *Process {
	h.lab.t.Helper()
	p := &Process{host: h, name: name, done: make(chan struct{})}
	p.log = filepath.Join(h.dir, filepath.Base(name)+".log")
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	h.lab.must(err, "host %s", h.Name)
	defer out.Close()

	p.cmd = exec.Command(name, args...)
	p.cmd.Dir = h.dir
	p.cmd.Stdout, p.cmd.Stderr = out, out
	// Its own group, so that Ctrl-C on the terminal reaches only us and the lab is
	// taken down in order.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	h.lab.must(netns.Do(h.netns, p.cmd.Start), "host %s: start %s", h.Name, name)
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	// A restarted program continues the log of the one before.
	h.procs = slices.DeleteFunc(h.procs, func(old *Process) bool { return old.log == p.log && !old.Running() })
	h.procs = append(h.procs, p)
	return p
}

// PID is the process ID of the program.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Running says whether the program has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Signal sends a signal to the program itself, not to its children.
func (p *Process) Signal(sig syscall.Signal) {
	p.host.lab.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.host.lab.t.Fatalf("labtest: host %s: %s: send %v: %v", p.host.Name, p.name, sig, err)
	}
}

// Stop asks the program to end and waits for that.
func (p *Process) Stop() {
	p.host.lab.t.Helper()
	p.Signal(syscall.SIGTERM)
	p.wait(10 * time.Second)
}

// Kill ends the program and its process group at once.
func (p *Process) Kill() {
	p.host.lab.t.Helper()
	if err := syscall.Kill(-p.PID(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.host.lab.t.Fatalf("labtest: host %s: kill %s: %v", p.host.Name, p.name, err)
	}
	p.wait(10 * time.Second)
}

// Log is all that the program has printed so far.
func (p *Process) Log() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func (p *Process) wait(limit time.Duration) {
	p.host.lab.t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		p.host.lab.t.Fatalf("labtest: host %s: %s has not ended after %v\n%s", p.host.Name, p.name, limit, tail(p.Log(), 25))
	}
}

// close kills whatever is in the host's namespace, wherever it came from: scripts that
// keepalived started are in groups of their own.
func (h *Host) close() {
	if h.netns == nil {
		return
	}
	for _, f := range h.closers {
		f()
	}
	// A program may fork while it is being killed: go on until nothing is left. Those that
	// cannot die would be in the kernel, where waiting does not help.
	for range 200 {
		pids := pidsIn(h.netns)
		if len(pids) == 0 {
			break
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, p := range h.procs {
		select {
		case <-p.done:
		case <-time.After(5 * time.Second):
			h.lab.t.Logf("labtest: host %s: %s cannot be killed", h.Name, p.name)
		}
	}
	_ = h.netns.Close()
}

// pidsIn lists the processes of a network namespace, without ourselves.
func pidsIn(ns *os.File) []int {
	want, err := ns.Stat()
	if err != nil {
		return nil
	}
	links, _ := filepath.Glob("/proc/[0-9]*/ns/net")
	var pids []int
	for _, link := range links {
		pid, err := strconv.Atoi(strings.Split(link, "/")[2])
		if err != nil || pid == os.Getpid() {
			continue
		}
		if got, err := os.Stat(link); err == nil && os.SameFile(want, got) {
			pids = append(pids, pid)
		}
	}
	return pids
}
