package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// Program is what a process hands to a run.
type Program struct {
	Name   string   // for messages
	Args   []string // without the program's name
	Getenv func(string) string
	Stdout io.Writer
	Stderr io.Writer
	// Encrypted makes the client for tls and https; nil in a program without.
	Encrypted func(TLSOptions) (checker.Encrypted, error)
	// HandOver continues as the program that has Encrypted; it returns only
	// when that is impossible. Used where Encrypted is nil.
	HandOver func() error
	// Buffers are for a process that runs many checks; nil: each makes its own.
	Buffers *checker.Buffers
	// Exit ends the process where a write of the verdict blocks; nil to wait.
	Exit func(status int)
	// Version returns the version stamped into the program.
	Version func() (string, bool)
}

// patience is how long a reader that does not read may keep a verdict that
// already stands.
const patience = 200 * time.Millisecond

// Run does one check and returns the exit status. Whatever goes wrong on the
// way, a panic too, ends in a status that is not a pass.
func (p Program) Run(ctx context.Context) int {
	_, status := p.Check(ctx)
	return status
}

// Check is Run for a caller that wants to know more than the exit status: the
// outcome of what was no check is no verdict.
func (p Program) Check(ctx context.Context) (report checker.Report, status int) {
	began := time.Now()
	mode := ModeOf(p.Args)
	defer func() {
		if r := recover(); r != nil {
			report, status = p.fail(mode, checker.Internal, fmt.Errorf("panic: %v", r))
		}
	}()
	cmd, err := Parse(p.Args, p.Getenv)
	switch {
	case errors.Is(err, ErrHelp):
		status = checker.ExitStatus(checker.Usage, mode, nil)
		p.write(p.Stdout, []byte(usage), status)
		return checker.Report{Outcome: checker.Usage, Reason: err.Error()}, status
	case errors.Is(err, ErrVersion):
		status = checker.ExitStatus(checker.Usage, mode, nil)
		p.write(p.Stdout, []byte(version(p.Name, p.Version)), status)
		return checker.Report{Outcome: checker.Usage, Reason: err.Error()}, status
	case err != nil:
		return p.fail(mode, checker.Usage, err)
	}
	if cmd.Check.Transport.Encrypted() {
		if p.Encrypted == nil {
			return p.fail(mode, checker.Local, p.HandOver())
		}
		if cmd.Check.Encrypted, err = p.Encrypted(cmd.TLS); err != nil {
			return p.fail(mode, checker.Usage, err)
		}
	}
	cmd.Check.Buffers = p.Buffers
	report = cmd.Check.Run(ctx)
	now := time.Now()
	report.Took = now.Sub(began)
	status = checker.ExitStatus(report.Outcome, cmd.Mode, report.Weight)
	if cmd.Socket != "" {
		checker.SendHeartbeat(cmd.Socket, report, cmd.Mode, status, now)
	}
	p.print(cmd, report, status)
	if text := ownfile.Warning(cmd.SecretFile); text != "" {
		p.write(p.Stderr, []byte(p.Name+": "+text+"\n"), status)
	}
	return report, status
}

// print writes the report. The verdict stands: nothing here can change it.
func (p Program) print(cmd Command, r checker.Report, status int) {
	text := cmd.Format(r, status)
	if cmd.OutputFile == "" {
		p.write(p.Stdout, text, status)
		return
	}
	if err := writeFile(cmd.OutputFile, text); err != nil {
		p.write(p.Stderr, []byte(fmt.Sprintf("%s: --output-file: %v\n", p.Name, err)), status)
	}
}

// fail reports an end before any question was asked: on standard error for
// people, in the format asked for on standard output for programs.
func (p Program) fail(mode checker.ExitMode, o checker.Outcome, err error) (checker.Report, int) {
	report, status := checker.Report{Outcome: o, Reason: err.Error()}, checker.ExitStatus(o, mode, nil)
	name := peek(p.Args, "output", "text")
	format, known := checker.Formats()[name]
	if !known || name == "text" {
		p.write(p.Stderr, []byte(fmt.Sprintf("%s: %v\n", p.Name, err)), status)
		return report, status
	}
	p.print(Command{Format: format, OutputFile: peek(p.Args, "output-file", "")}, report, status)
	return report, status
}

// ModeOf returns the exit mode of a command line that need not be right
// otherwise: a bad flag must still end with that mode's status.
func ModeOf(args []string) checker.ExitMode {
	mode, err := checker.ParseExitMode(peek(args, "exit-mode", "misc"))
	if err != nil {
		return checker.Misc
	}
	return mode
}

// write gives a reader that is gone, full or asleep no say: errors are
// dropped, and a write that blocks ends with the process. It is bounded by a
// timer, since a goroutine for it would wake another thread: a twentieth of the
// CPU time of a check.
func (p Program) write(w io.Writer, text []byte, status int) {
	if len(text) == 0 {
		return
	}
	if p.Exit != nil {
		stuck := time.AfterFunc(patience, func() { p.Exit(status) })
		defer stuck.Stop()
	}
	_, _ = w.Write(text)
}
