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
)

// Spec says what to run and in what kind of guest.
type Spec struct {
	Argv     []string  // the command and its arguments
	Dir      string    // working directory; written through to the host
	Env      []string  // the command's environment, as in os.Environ
	Kernel   string    // "uml"; empty for the best there is
	Root     string    // directory that becomes the guest's root; empty for the host's
	MemMB    int       // memory; 1024 if zero
	Writable []string  // more directories that are written through to the host
	Stdout   io.Writer // standard output, byte for byte
	Stderr   io.Writer // standard error; may be the same writer as Stdout
}

// A CrashError says that the guest did not run the command to its end.
type CrashError struct {
	Reason  string
	Console string // the last of what the guest's kernel and init said
}

func (e *CrashError) Error() string {
	return e.Reason
}

// Run boots a guest, runs the command in it and returns the command's exit
// status. When ctx ends, so does the guest, at once. Nothing of a guest outlives
// this process, however it ends.
func Run(ctx context.Context, s Spec) (int, error) {
	// The kernel ends the guest when the thread that started it ends
	// (PR_SET_PDEATHSIG in prctl(2) speaks of threads), so keep that thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	dir, alive, remove, err := runDir()
	if err != nil {
		return 0, err
	}
	defer remove()
	stdout, stdoutW, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer stdoutW.Close()
	stderr, stderrW, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer stderrW.Close()

	if s.MemMB == 0 {
		s.MemMB = 1024
	}
	s.Env = append(s.Env, "LVSDNS_LAB=uml")
	var console tail
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", `ulimit -c 0; "$@"; exit $?`, "lab-guest", "linux.uml", "mem="+strconv.Itoa(s.MemMB)+"M", "rootfstype=hostfs", "rw",
		"uml_dir="+dir, "umid=guest", "con=null", "con0=null,fd:1", "ssl=null", "ssl0=null,fd:3", "ssl1=null,fd:4",
		"init="+filepath.Join(dir, "init"), "quiet")
	cmd.Env = append(os.Environ(), "TMPDIR="+memDir(s.MemMB))
	cmd.Stdout, cmd.Stderr = &console, &console
	cmd.ExtraFiles = []*os.File{stdoutW, stderrW, alive}
	cmd.WaitDelay = 5 * time.Second
	// The shell is process 1 of a process namespace of its own: when it ends, or
	// is killed from outside, the kernel ends all of UML's helpers with it. UML
	// itself cannot be process 1, which is deaf to the SIGABRT it ends a panic by.
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL, Setpgid: true}

	if err := writeRun(dir, s, plan("uml", s)); err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start the guest kernel: %w", err)
	}
	stdoutW.Close()
	stderrW.Close()
	done := make(chan error, 2)
	for _, c := range []struct {
		to   io.Writer
		from *os.File
	}{{s.Stdout, stdout}, {s.Stderr, stderr}} {
		go func() {
			_, err := io.Copy(c.to, c.from)
			c.from.Close()
			done <- err
		}()
	}
	waitErr := cmd.Wait()
	outErr := errors.Join(<-done, <-done)
	if err := context.Cause(ctx); err != nil {
		return 0, &CrashError{err.Error(), console.String()}
	}
	status, err := readStatus(dir)
	if err != nil {
		return 0, &CrashError{fmt.Sprintf("the guest ended before its command did (%s)", ended(waitErr)), console.String()}
	}
	return status, outErr
}

func ended(err error) string {
	if err == nil {
		return "kernel exit status 0"
	}
	return "kernel: " + err.Error()
}

func readStatus(dir string) (int, error) {
	b, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

func plan(kernel string, s Spec) string {
	var b strings.Builder
	root := s.Root
	if root == "" {
		root = "/"
	}
	fmt.Fprintf(&b, "kernel=%s\nroot=%s\nstdout=/dev/ttyS0\nstderr=/dev/ttyS1\nshares() {\n:\n", kernel, quote(root))
	for _, d := range append([]string{s.Dir}, s.Writable...) {
		if d != "/" {
			fmt.Fprintf(&b, "share rw %s\n", quote(d))
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// memDir picks the place for the file that is UML's memory: memory if there is
// enough of it (a container's /dev/shm often has 64 MB), else disk.
func memDir(mb int) string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err == nil && int64(fs.Bavail)*fs.Bsize >= int64(mb)<<20 {
		return "/dev/shm"
	}
	return os.TempDir()
}
