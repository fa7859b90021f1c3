// Package guest boots a Linux kernel that has IPVS, runs one command in it and
// tells the truth about how the command ended.
package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// Spec says what to run and in what kind of guest. The guest's root is a scratch
// copy: what the command writes is thrown away, except under Dir and Writable.
// All paths are absolute.
type Spec struct {
	Argv     []string  // the command and its arguments
	Dir      string    // working directory; written through unless it is "/"
	Env      []string  // the command's environment, as in os.Environ
	Kernel   string    // "uml", "qemu", "host"; "auto" or empty for the best there is
	Root     string    // directory that is the guest's root; empty for the host's
	MemMB    int       // memory; 1024 if zero
	Writable []string  // more directories that are written through to the host
	Readable []string  // directories of the host to be seen in another Root
	Stdout   io.Writer // standard output, byte for byte
	Stderr   io.Writer // standard error; may be the same writer as Stdout
	Console  io.Writer // what the guest's kernel and init say, live; may be nil
	Terminal *Terminal // gives the command a terminal, in a UML guest; nil for none
	Link     *Link     // gives the guest an eth0; nil for none
}

// A Terminal is one that a person types at. Its output is the Spec's Stdout.
type Terminal struct {
	Input         io.Reader // what is typed, raw: the guest does the editing
	Rows, Columns string
}

var errNoTerminal = errors.New("only the uml kernel gives the command a terminal")

func (s Spec) lower() string {
	if s.Root == "" {
		return "/"
	}
	return s.Root
}

// A CrashError says that the guest did not run the command to its end.
type CrashError struct {
	Reason  string
	Console string // the last of what the guest's kernel and init said
}

func (e *CrashError) Error() string { return e.Reason }

// A boot is how one kind of guest starts.
type boot struct {
	argv  []string // the process on the host
	env   []string // what it gets besides this process's environment
	clone uintptr  // more namespaces for it than a process namespace
	net   *os.File // network namespace to start it in; nil for the host's own
	plan  plan
}

// Run boots a guest, runs the command in it and returns the command's exit
// status. When ctx ends, so does the guest, at once. Nothing of a guest outlives
// this process, however it ends.
func Run(ctx context.Context, s Spec) (int, error) {
	if len(s.Argv) == 0 {
		return 0, errors.New("no command to run in the guest")
	}
	if s.MemMB == 0 {
		s.MemMB = 1024
	}
	dir, alive, remove, err := TempDir()
	if err != nil {
		return 0, err
	}
	defer remove()
	kind, err := choose(s)
	if err != nil {
		return 0, err
	}
	b, err := kind(s, dir)
	if err != nil {
		return 0, err
	}
	var out output
	defer out.close()
	if err := out.open(s.Stdout); err != nil {
		return 0, err
	}
	if s.Stderr == s.Stdout {
		b.plan.stderr = b.plan.stdout
		b.plan.ports = b.plan.ports[:min(1, len(b.plan.ports))]
		s.Stderr = io.Discard // one stream carries both: two copies to one writer would meet in it
	}
	if err := out.open(s.Stderr); err != nil {
		return 0, err
	}
	if err := writeRun(dir, s, b.plan); err != nil {
		return 0, err
	}

	// The kernel ends the guest when the thread that started it ends
	// (PR_SET_PDEATHSIG in prctl(2) speaks of threads), so keep that thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	console := &tail{also: s.Console}
	cmd := b.command(ctx, dir, console)
	cmd.ExtraFiles = append(out.files(), alive)
	if s.Terminal != nil {
		input, typed, err := os.Pipe()
		if err != nil {
			return 0, err
		}
		defer input.Close()
		defer typed.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, input)
		// It ends with the input, or with the next key after the guest: a read
		// from a terminal cannot be called off.
		go func() { _, _ = io.Copy(typed, s.Terminal.Input) }()
	}
	start := cmd.Start
	if b.net != nil {
		start = func() error { return netns.Do(b.net, cmd.Start) }
	}
	if err := start(); err != nil {
		if errors.Is(err, syscall.EPERM) {
			return 0, fmt.Errorf("start the guest: %w: be root, and in a container have CAP_SYS_ADMIN", err)
		}
		return 0, fmt.Errorf("start the guest: %w", err)
	}
	out.start()
	waitErr := cmd.Wait()
	outErr := out.wait()
	if err := context.Cause(ctx); err != nil {
		return 0, &CrashError{err.Error(), console.String()}
	}
	status, err := readStatus(dir)
	if err != nil {
		return 0, &CrashError{"the guest ended before its command did, its kernel with " + ended(waitErr), console.String()}
	}
	return status, outErr
}

// command is the guest as a process of the host. A shell is process 1 of a process
// namespace of its own: when it ends, or is killed from outside, the kernel ends
// all that runs under it. UML itself cannot be process 1, which is deaf to the
// SIGABRT that it ends a panic with.
func (b boot) command(ctx context.Context, dir string, console io.Writer) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", `ulimit -c 0; ulimit -n 262144 2>/dev/null; "$@"; exit $?`, "lab-guest"}, b.argv...)...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), b.env...)
	cmd.Stdout, cmd.Stderr = console, console
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | b.clone,
		Pdeathsig:  syscall.SIGKILL,
		Setpgid:    true,
	}
	return cmd
}

func ended(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

func readStatus(dir string) (int, error) {
	b, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}
