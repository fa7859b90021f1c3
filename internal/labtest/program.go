package labtest

import (
	"context"
	"fmt"
)

// Run plays a scenario for a program that is no test. It takes the lab down before it
// returns, also when ctx ends early, and returns what ended the scenario.
func Run(ctx context.Context, logf func(format string, args ...any), scenario func(*Lab)) (err error) {
	p := &program{ctx: ctx, logf: logf}
	defer p.cleanup()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case fatal:
			err = r.err
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
		default:
			panic(r)
		}
	}()
	scenario(New(p))
	return nil
}

// program is a T outside of go test.
type program struct {
	ctx      context.Context
	logf     func(format string, args ...any)
	cleanups []func()
}

// fatal carries an error from Fatalf up to Run.
type fatal struct{ err error }

func (p *program) Helper()                         {}
func (p *program) Context() context.Context        { return p.ctx }
func (p *program) Cleanup(f func())                { p.cleanups = append(p.cleanups, f) }
func (p *program) Logf(format string, args ...any) { p.logf(format, args...) }

func (p *program) Fatalf(format string, args ...any) {
	panic(fatal{fmt.Errorf(format, args...)})
}

func (p *program) cleanup() {
	for i := len(p.cleanups) - 1; i >= 0; i-- {
		p.cleanups[i]()
	}
}
