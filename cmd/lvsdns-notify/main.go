// Command lvsdns-notify is what keepalived starts when a VRRP instance changes
// its state. It notes the event in the host's journal and settles the state
// by looking. What takes more, actions among it, is lvsdns-notify-act's.
//
// It ends before the number of processors could change, and needs no goroutine that watches it.
//
//go:debug updatemaxprocs=0
package main

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/cmd/internal/help"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/hook"
	"github.com/lvsdns/lvsdns/notify/journal"
)

func main() {
	grow()
	outlive()
	os.Exit(run(os.Args[1:], os.Stderr, program{become: act, leave: leave}))
}

// run returns the exit status: 0 when all went well or somebody else does the rest, 1 when something went wrong, 2 for a bad command
// line.
func run(args []string, stderr *os.File, other program) int {
	paths, rest := hook.TakePaths(args)
	record := &journal.Journal{StateDir: paths.StateDir, RunDir: paths.RunDir}
	say := reporter{stderr: stderr, log: hook.Log, journal: record}
	if len(rest) == 0 || !hook.IsEvent(rest[0]) || help.AskedOf(rest) {
		return say.failed(2, other.become(args))
	}
	e, err := hook.ParseArguments(rest)
	if err != nil {
		return say.failed(2, err)
	}
	e.Source, e.Mark, e.At = notify.Script, hook.OwnMark(), time.Now()
	record.Boot = journal.BootID()
	if e.State == notify.Stop {
		record.Wait = 300 * time.Millisecond // keepalived kills it after a second
	}
	h := hook.Hook{Journal: record, Settings: paths.Settings, Conf: paths.Conf, Held: hook.Addresses}
	next, err := h.Run(e)
	status := 0
	if err != nil {
		status = say.failed(1, err)
	} else {
		record.AllWell()
	}
	if next == hook.Done {
		if h.Unknown != "" {
			hook.Say(stderr, hook.Log, h.Unknown)
		}
		return status
	}
	args = paths.Settle(e, err != nil)
	if e.State != notify.Stop {
		return say.failed(1, other.become(args))
	}
	ended, err := other.leave(args, e.Born+stopWithin-journal.SinceBoot())
	if err != nil {
		return say.failed(1, err)
	}
	return max(status, ended)
}

// stopWithin is what keepalived leaves a script that it runs because it stops, less a reserve: after a second it kills it, with its process
// group (notify_script_exec in keepalived/vrrp/vrrp_notify.c).
const stopWithin = 700 * time.Millisecond

// program is lvsdns-notify-act, which stands beside this one.
type program struct {
	become func(args []string) error                                       // returns only if it can't
	leave  func(args []string, wait time.Duration) (status int, err error) // starts it in a session of its own, and waits for it so long
}

// act continues as lvsdns-notify-act. The process stays the same, so keepalived's signals still reach it.
func act(args []string) error {
	path, err := beside()
	if err != nil {
		return err
	}
	return needed(path, syscall.Exec(path, append([]string{path}, args...), os.Environ()))
}

// leave starts lvsdns-notify-act where no signal for this process's group reaches it, so that what has been begun is done.
func leave(args []string, wait time.Duration) (int, error) {
	path, err := beside()
	if err != nil {
		return 1, err
	}
	child, err := os.StartProcess(path, append([]string{path}, args...), &os.ProcAttr{Dir: "/", Env: os.Environ(), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Setsid: true}})
	if err != nil {
		return 1, needed(path, err)
	}
	ended := make(chan int, 1)
	go func() {
		status := 1
		if state, err := child.Wait(); err == nil {
			status = state.ExitCode()
		}
		ended <- status
	}()
	select {
	case status := <-ended:
		return status, nil
	case <-time.After(wait):
		return 0, nil // It goes on, and the journal will tell.
	}
}

func beside() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", hook.Because("finding lvsdns-notify-act", err)
	}
	return self + "-act", nil
}

func needed(path string, err error) error {
	return hook.Because("actions and commands need "+path+", which must be installed beside this program", err)
}

// reporter says what went wrong, on standard error and, where keepalived has closed that, in the system log.
type reporter struct {
	stderr  *os.File
	log     string
	journal *journal.Journal
}

func (r reporter) failed(status int, err error) int {
	text := hook.OneLine(err)
	var bad *journal.Error
	if errors.As(err, &bad) && !r.journal.SayOnce(text) {
		return status
	}
	hook.Say(r.stderr, r.log, text)
	return status
}
