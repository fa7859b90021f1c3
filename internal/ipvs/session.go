package ipvs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// session is one caller's turn at the socket.
type session struct {
	*Client
	ctx     context.Context
	family  uint16
	calls   uint64    // of a batch
	renewed time.Time // when the deadline was set
}

// request is one question to the kernel.
type request struct {
	command uint8
	flags   uint16 // besides flagRequest
	attrs   []byte
	what    string       // the operation, for errors
	subject fmt.Stringer // what it is done to, if the operation does not say so
	noEntry error        // what ENOENT means here; ErrAbsent if nil
}

// session waits for the caller's turn, makes sure of socket and family, and runs f. The family
// is looked up anew each time: its number changes when the module is loaded again, and the old one may by then be
// another family's.
func (c *Client) session(ctx context.Context, what string, f func(*session) error) error {
	if s := c.inBatch(ctx); s != nil {
		if err := s.renew(); err != nil {
			return s.explain(request{what: what}, err)
		}
		return f(s)
	}
	select {
	case <-c.turn:
	case <-ctx.Done():
		return request{what: what}.fail(context.Cause(ctx))
	}
	defer func() { c.turn <- struct{}{} }()

	s := &session{Client: c, ctx: ctx}
	release, err := s.open()
	defer release()
	if err != nil {
		return s.explain(request{what: what}, err)
	}
	return f(s)
}

// open readies socket, deadline and family. What it returns must be called when the session ends.
func (s *session) open() (release func(), err error) {
	release = func() {}
	if err := present(s.config.Proc); err != nil {
		return release, err
	}
	if s.socket == nil {
		socket, err := s.dial()
		if err != nil {
			return release, err
		}
		s.socket = socket
	}
	// Once for the session: setting it costs as much as an exchange.
	s.renewed = time.Now()
	if err := s.socket.SetDeadline(s.renewed.Add(s.config.Timeout)); err != nil {
		return release, err
	}
	release = s.interruptible()
	s.family, err = s.lookUp(familyName)
	return release, err
}

// present says whether IPVS is in the kernel, without netlink, which would load it
// (MODULE_ALIAS_GENL_FAMILY in ip_vs_ctl.c).
func present(proc string) error {
	_, err := os.Stat(filepath.Join(proc, "net", "ip_vs"))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, other := os.Stat(filepath.Join(proc, "net")); other != nil {
		return fmt.Errorf("is proc mounted at %s? %w", proc, other)
	}
	return fmt.Errorf("%w: %w", ErrAbsent, err)
}

// interruptible ends an exchange that waits when the context ends, until the function that it returns has
// returned: an interruption must not hit the next caller's session.
func (s *session) interruptible() (release func()) {
	socket, done := s.socket, make(chan struct{})
	stop := context.AfterFunc(s.ctx, func() {
		defer close(done)
		_ = socket.SetDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

// execute is the only way to the kernel: it sends one request and hands the attributes of each answer to
// each, which must not keep them. It returns errors ready for the caller.
func (s *session) execute(r request, each func(attrs []byte) error) error {
	if s.socket == nil { // an exchange before this one in the session went wrong
		return s.explain(r, net.ErrClosed)
	}
	if err := s.exchange(s.family, r, each); err != nil {
		return s.explain(r, err)
	}
	return nil
}

// explain is the one place where errors are translated. After anything but a plain answer from the kernel
// the socket may hold the rest of an old answer, so it is closed.
func (s *session) explain(r request, err error) error {
	var refused refusal
	if errors.As(err, &refused) {
		if meaning := r.meaning(refused.Errno); meaning != nil {
			err = fmt.Errorf("%w: %w", meaning, err)
		}
		return r.fail(err)
	}
	_ = s.hangUp()
	switch cause := context.Cause(s.ctx); {
	case cause != nil:
		return r.fail(cause)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return r.fail(fmt.Errorf("no answer from the kernel within %v: %w", s.config.Timeout, err))
	default:
		return r.fail(err)
	}
}

// fail says what was to be done, and to what.
func (r request) fail(err error) error {
	if r.subject == nil {
		return fmt.Errorf("ipvs: %s: %w", r.what, err)
	}
	return fmt.Errorf("ipvs: %s %s: %w", r.what, r.subject, err)
}

// meaning finds the sentinel for an errno of ip_vs_ctl.c and genetlink.c.
func (r request) meaning(errno syscall.Errno) error {
	switch errno {
	case syscall.EPERM:
		return ErrPermission
	case syscall.ESRCH:
		return ErrMissing
	case syscall.EEXIST:
		return ErrExists
	case syscall.ENOENT:
		if r.noEntry == nil {
			return ErrAbsent // the family is not there, or went away after it was looked up
		}
		return r.noEntry
	default:
		return nil
	}
}
