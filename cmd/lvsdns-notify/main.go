// Command lvsdns-notify is what keepalived starts when a VRRP instance changes
// its state. It notes the event in the host's journal and settles the state
// by looking. What takes more, actions among it, is lvsdns-notify-act's.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

func main() {
	outlive()
	runtime.GOMAXPROCS(1) // A second thread costs more to start than it could do in two milliseconds.
	os.Exit(run(os.Args[1:], os.Stderr, act))
}

// outlive undoes what keepalived has asked for: that its scripts die with it (PR_SET_PDEATHSIG). They end by themselves, and the last
// thing that keepalived says is that it stops. The setting is this thread's, and main begins on the thread that keepalived has forked.
func outlive() {
	const setDeathSignal = 1
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setDeathSignal, 0, 0)
}

// run returns the exit status: 0 when all went well or somebody else does the rest, 1 when something went wrong, 2 for a bad command
// line. handOver becomes lvsdns-notify-act, and returns only if it can't.
func run(args []string, stderr *os.File, handOver func(args []string) error) int {
	paths, rest := notify.TakePaths(args)
	say := reporter{stderr: stderr, log: "/dev/log", runDir: paths.RunDir}
	if len(rest) == 0 || !notify.IsEvent(rest[0]) {
		return say.failed(2, handOver(args))
	}
	e, err := notify.ParseArguments(rest)
	if err != nil {
		return say.failed(2, err)
	}
	e.Source, e.Mark, e.At = notify.Script, notify.OwnMark(), time.Now()
	journal := &notify.Journal{StateDir: paths.StateDir, RunDir: paths.RunDir, Boot: notify.BootID()}
	if e.State == notify.Stop {
		journal.Wait = 300 * time.Millisecond // keepalived kills it after a second
	}
	hook := notify.Hook{Journal: journal, Settings: paths.Settings, Conf: paths.Conf, Held: notify.Addresses}
	next, err := hook.Run(e)
	status := 0
	if err != nil {
		status = say.failed(1, err)
	} else {
		notify.AllWell(paths.RunDir)
	}
	if next == notify.Settle {
		return max(1, say.failed(1, handOver(paths.Settle(e, err != nil))))
	}
	return status
}

// act continues as lvsdns-notify-act, which stands beside this program. The process stays the same, so keepalived's signals still reach it.
func act(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding lvsdns-notify-act: %w", err)
	}
	program := strings.TrimSuffix(self, "-act") + "-act"
	err = syscall.Exec(program, append([]string{program}, args...), os.Environ())
	return fmt.Errorf("actions and commands need %s, which must be installed beside this program: %w", program, err)
}

// reporter says what went wrong, on standard error and, where keepalived has closed that, in the system log.
type reporter struct {
	stderr *os.File
	log    string
	runDir string
}

func (r reporter) failed(status int, err error) int {
	text := notify.OneLine(err)
	var journal *notify.JournalError
	if errors.As(err, &journal) && !notify.SayOnce(r.runDir, text) {
		return status
	}
	if notify.IsNull(r.stderr) {
		_ = notify.Syslog(r.log, "lvsdns-notify", text)
		return status
	}
	fmt.Fprintf(io.Writer(r.stderr), "lvsdns-notify: %s\n", text)
	return status
}
