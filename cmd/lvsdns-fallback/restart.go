package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/bounded"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/fallback/guard"
)

// restart says how keepalived comes back.
type restart struct {
	start    bool
	command  string
	pidFile  string
	checkers string
	watch    time.Duration
	mend     bool
}

func (r *restart) flags(f *flag.FlagSet) {
	f.BoolVar(&r.start, "start", false, "start keepalived, or continue its parent if that is frozen, and watch the table until its first checks have run")
	f.StringVar(&r.command, "start-command", "systemctl start keepalived.service", "`command` that starts keepalived, without a shell; it must not wait for keepalived's end")
	f.StringVar(&r.pidFile, "pid-file", config.Auto, "keepalived's pid `file`, to ask it what it believes (SIGUSR1); auto: where keepalived has it by its configuration")
	f.StringVar(&r.checkers, "checkers-pid-file", config.Auto, "keepalived's checkers pid`file`; auto: where keepalived has it by its configuration")
	f.BoolVar(&r.mend, "mend", true, "with --start: when keepalived's first checks have run, write what it believes and the kernel has not. keepalived takes what is there for its\nown: a weight or a sorry server that it found stays as it was for ever")
	f.DurationVar(&r.watch, "watch", 3*time.Minute, "how long at most to wait for keepalived's first checks, up to a minute of its respawn back-off included")
}

// find puts the files of the configuration in the place of "auto".
func (r *restart) find(s source) error {
	c, _, err := s.load()
	if err != nil {
		return err
	}
	r.checkers = checkersPIDFile(r.checkers, c)
	if r.pidFile == config.Auto {
		r.pidFile = c.Global.PIDFile()
	}
	return nil
}

// bring starts keepalived.
func (r restart) bring(o guard.Options, stdout io.Writer) error {
	pids, err := guard.Thaw(o)
	if err != nil {
		return err
	}
	if len(pids) > 0 {
		fmt.Fprintf(stdout, "keepalived (pid %d) goes on\n", pids[0])
		return nil
	}
	if l, err := o.Look(); err != nil || l.Parent != 0 {
		return err // whom lvsdns-fallback had frozen goes on by itself
	}
	words := strings.Fields(r.command)
	if len(words) == 0 {
		return errors.New("--start-command is empty")
	}
	// Not ended with us: what it starts may stay in its process group.
	out := &bounded.Begin{Most: 4096}
	start := exec.Command(words[0], words[1:]...)
	start.Stdout, start.Stderr = out, out
	if err := start.Run(); err != nil {
		return fmt.Errorf("start keepalived: %s: %w: %s", r.command, err, strings.TrimSpace(out.String()))
	}
	fmt.Fprintf(stdout, "started: %s\n", r.command)
	return nil
}
