package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/command"
	"github.com/lvsdns/lvsdns/checker/encrypted"
	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// mercy is how long a script has between SIGTERM and SIGKILL (misc_check_child_thread in check_misc.c).
const mercy = 2 * time.Second

// misc runs a script, or lvsdns-check inside this process. The arithmetic of the exit status is keepalived's; a script that
// had to be told to end has failed, whatever it exits with, and one that could not be started has said nothing.
func misc(k *keepalived.Checker, o Options) (Probe, error) {
	argv := k.Misc.Path.Argv
	if len(argv) == 0 {
		return nil, unsupported(k.Pos, "MISC_CHECK has no command that can be read; write one")
	}
	if !o.Fork && filepath.Base(argv[0]) == "lvsdns-check" && !isScript(argv[0]) {
		return inside(k, argv[1:], o), nil
	}
	return script(k, argv, o), nil
}

// script runs a command as its user, if keepalived would.
func script(k *keepalived.Checker, argv []string, o Options) Probe {
	return func(ctx context.Context) health.Result {
		id := host.ScriptID{Path: argv[0], User: k.Misc.Path.User, Group: k.Misc.Path.Group}
		switch s := o.Scripts.Look(id); {
		case s.State == host.ScriptFine, s.State == host.ScriptInsecure && !o.Scripts.Secure:
		default:
			return unknown("the script cannot run: %s", s.Reason)
		}
		uid, gid, reason := o.Scripts.Credentials(id)
		if reason != "" {
			return unknown("the script cannot run: %s", reason)
		}
		return start(ctx, k, argv, uid, gid, o.Environ)
	}
}

// isScript reports whether a file begins with #!, so that it is somebody's own program of that name.
func isScript(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	begin := make([]byte, 2)
	_, err = io.ReadFull(f, begin)
	return err == nil && bytes.Equal(begin, []byte("#!"))
}

// inside runs lvsdns-check without a process.
func inside(k *keepalived.Checker, args []string, o Options) Probe {
	return func(ctx context.Context) health.Result {
		ctx, cancel := context.WithTimeout(ctx, k.Misc.Timeout.V)
		defer cancel()
		r := command.Program{
			Name: "lvsdns-check", Args: args, Getenv: o.Getenv, Stdout: io.Discard, Stderr: io.Discard,
			Encrypted: func(t command.TLSOptions) (checker.Encrypted, error) { return encrypted.New(encrypted.Options(t)) },
			Version:   func() (string, bool) { return "", false },
			Buffers:   o.Buffers,
		}.Run(ctx)
		if !r.Outcome.IsVerdict() {
			return unknown("%s", r.Line())
		}
		return verdict(k, r.ExitStatus, r.Line())
	}
}

// verdict reads an exit status as keepalived does.
func verdict(k *keepalived.Checker, status int, reason string) health.Result {
	pass := status == 0 || k.Misc.Dynamic.V && status >= 2 && status <= 255
	if reason == "" {
		reason = fmt.Sprintf("exit status %d", status)
	}
	return health.Result{Pass: pass, Status: status, Reason: reason}
}

func start(ctx context.Context, k *keepalived.Checker, argv []string, uid, gid uint32, environ []string) health.Result {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = environ, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if int(uid) != os.Geteuid() || int(gid) != os.Getegid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
	if err := cmd.Start(); err != nil {
		return unknown("start the script: %v", err)
	}
	ended := make(chan struct{})
	var err error
	go func() {
		err = cmd.Wait()
		close(ended)
	}()
	timeout := time.NewTimer(k.Misc.Timeout.V)
	defer timeout.Stop()
	select {
	case <-ended:
	case <-timeout.C:
		end(cmd.Process.Pid, ended)
		return fail("timed out after %s", k.Misc.Timeout.V)
	case <-ctx.Done():
		end(cmd.Process.Pid, ended)
		return unknown("stopped")
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return verdict(k, 0, "")
	case errors.As(err, &exit) && exit.Exited():
		return verdict(k, exit.ExitCode(), "")
	case errors.As(err, &exit):
		return fail("ended by %s", exit)
	default:
		return unknown("wait for the script: %v", err)
	}
}

// end ends the script and all that it started.
func end(pid int, ended <-chan struct{}) {
	_ = syscall.Kill(-pid, syscall.SIGTERM)
	select {
	case <-ended:
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	case <-time.After(mercy):
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		<-ended
	}
}

// hookTime is how long a notify script may take. keepalived lets it run on.
const hookTime = time.Minute

// Hook starts a notify script and does not wait for it.
func Hook(s keepalived.Script, o Options) error {
	if len(s.Argv) == 0 {
		return errors.New("the command cannot be read")
	}
	k := &keepalived.Checker{Misc: &keepalived.Misc{Path: s, Timeout: keepalived.Value[time.Duration]{V: hookTime}}}
	run := script(k, s.Argv, o)
	go run(context.Background())
	return nil
}
