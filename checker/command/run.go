package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/lvsdns/lvsdns/checker/report"
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

// Run does one check and returns its report, with the status to exit with. Whatever
// goes wrong on the way, a panic too, ends in a status that is not a pass, and in
// an outcome that is no verdict.
func (p Program) Run(ctx context.Context) (r report.Report) {
	began := time.Now()
	mode := ModeOf(p.Args)
	defer func() {
		if panicked := recover(); panicked != nil {
			r = p.fail(mode, checker.Internal, fmt.Errorf("panic: %v", panicked))
		}
	}()
	cmd, err := Parse(p.Args, p.Getenv)
	switch {
	case errors.Is(err, ErrHelp):
		return p.say(mode, err, usage)
	case errors.Is(err, ErrVersion):
		return p.say(mode, err, version(p.Name, p.Version))
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
	result := cmd.Check.Run(ctx)
	ended := time.Now()
	r = report.New(result, cmd.Mode, ended).Took(ended.Sub(began))
	if cmd.Socket != "" {
		report.Send(cmd.Socket, r)
	}
	p.print(cmd, r)
	if text := ownfile.Warning(cmd.SecretFile); text != "" {
		p.write(p.Stderr, []byte(p.Name+": "+text+"\n"), r.ExitStatus)
	}
	return r
}

// print writes the report. The verdict stands: nothing here can change it.
func (p Program) print(cmd Command, r report.Report) {
	text := cmd.Format(r)
	if cmd.OutputFile == "" {
		p.write(p.Stdout, text, r.ExitStatus)
		return
	}
	if err := ownfile.ReplaceIn(cmd.OutputFile, text, 0o644); err != nil {
		p.write(p.Stderr, []byte(fmt.Sprintf("%s: --output-file: %v\n", p.Name, err)), r.ExitStatus)
	}
}

// nothingAsked is the report of a run that ends before any question.
func nothingAsked(mode exit.Mode, o checker.Outcome, err error) report.Report {
	return report.New(checker.Result{Outcome: o, Reason: err.Error()}, mode, time.Now())
}

// say prints the text that somebody asked for instead of a check.
func (p Program) say(mode exit.Mode, asked error, text string) report.Report {
	r := nothingAsked(mode, checker.Usage, asked)
	p.write(p.Stdout, []byte(text), r.ExitStatus)
	return r
}

// fail reports an end before any question was asked: on standard error for
// people, in the format asked for on standard output for programs.
func (p Program) fail(mode exit.Mode, o checker.Outcome, err error) report.Report {
	r := nothingAsked(mode, o, err)
	name := peek(p.Args, "output", "text")
	format, known := report.Formats()[name]
	if !known || name == "text" {
		p.write(p.Stderr, []byte(fmt.Sprintf("%s: %v\n", p.Name, err)), r.ExitStatus)
		return r
	}
	p.print(Command{Format: format, OutputFile: peek(p.Args, "output-file", "")}, r)
	return r
}

// ModeOf returns the exit mode of a command line that need not be right
// otherwise: a bad flag must still end with that mode's status.
func ModeOf(args []string) exit.Mode {
	mode, err := exit.ParseMode(peek(args, "exit-mode", "misc"))
	if err != nil {
		return exit.Misc
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
