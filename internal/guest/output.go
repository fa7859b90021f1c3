package guest

import (
	"errors"
	"io"
	"os"
)

// output carries the command's two streams out of the guest. Pipes, not the
// caller's own files: UML sets what it is given to non-blocking, and that would
// stick to a terminal that the caller shares with its shell.
type output struct {
	streams []stream
	done    chan error
}

type stream struct {
	to   io.Writer
	r, w *os.File
}

func (o *output) open(to io.Writer) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	o.streams = append(o.streams, stream{to, r, w})
	return nil
}

// files are the guest's ends.
func (o *output) files() []*os.File {
	var out []*os.File
	for _, s := range o.streams {
		out = append(out, s.w)
	}
	return out
}

// start copies until the guest has closed its ends.
func (o *output) start() {
	o.done = make(chan error, len(o.streams))
	for _, s := range o.streams {
		s.w.Close()
		go func() {
			_, err := io.Copy(s.to, s.r)
			if err != nil {
				// Nobody reads any more: do not let the guest wait for that.
				_, _ = io.Copy(io.Discard, s.r)
			}
			o.done <- err
		}()
	}
}

func (o *output) wait() error {
	var errs []error
	for range o.streams {
		errs = append(errs, <-o.done)
	}
	return errors.Join(errs...)
}

func (o *output) close() {
	for _, s := range o.streams {
		s.r.Close()
		s.w.Close()
	}
}
