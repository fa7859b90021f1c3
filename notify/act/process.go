package act

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"time"
)

// cleanPath is the environment of programs that are run: nothing of keepalived's reaches them.
const cleanPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// execute runs a program in a process group of its own, which ends with ctx. Its arguments and its output may hold secrets, and everybody
// reads the journal: they are not in the error. When the program fails, its output is told.
func execute(ctx context.Context, tell func(string), env []string, credential *syscall.Credential, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Env = append([]string{cleanPath, "LANG=C.UTF-8"}, env...)
	cmd.Dir = "/"
	out := &tail{max: 4096}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: credential}
	cmd.WaitDelay = 10 * time.Millisecond // for children that keep the output open
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	err := cmd.Wait()
	if !stop() && err != nil {
		err = context.Cause(ctx)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // It has ended well; something that it has started lives on.
	}
	if err != nil {
		if text := fields(out.String()); text != "" && tell != nil {
			tell(program + " printed: " + text)
		}
		return fmt.Errorf("%s: %w", program, err)
	}
	return nil
}

// tail keeps the last bytes that are written to it.
type tail struct {
	max int
	b   bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.b.Write(p)
	if over := t.b.Len() - t.max; over > 0 {
		t.b.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string { return t.b.String() }

// Command runs a program of the operator's. It is told about the state by its environment: the arguments are the operator's own.
type Command struct {
	Run, Environment []string
	User             string // empty: that of this process
}

// Do implements Action.
func (a Command) Do(ctx context.Context, c Call) (string, error) {
	var credential *syscall.Credential
	if a.User != "" {
		var err error
		if credential, err = credentialOf(a.User); err != nil {
			return "", err
		}
	}
	env := []string{
		"LVSDNS_KIND=" + string(c.Kind), "LVSDNS_NAME=" + c.Name, "LVSDNS_STATE=" + string(c.State), "LVSDNS_PRIORITY=" + strconv.Itoa(c.Priority),
	}
	if err := execute(ctx, c.Tell, append(env, a.Environment...), credential, a.Run[0], a.Run[1:]...); err != nil {
		return "", err
	}
	return a.Run[0] + " ended well", nil
}

func credentialOf(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	c := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("groups of user %s: %w", name, err)
	}
	for _, g := range groups {
		if n, err := strconv.ParseUint(g, 10, 32); err == nil {
			c.Groups = append(c.Groups, uint32(n))
		}
	}
	return c, nil
}
