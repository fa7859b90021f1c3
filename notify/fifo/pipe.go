package fifo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// pipe is one FIFO.
type pipe struct {
	path  string
	check time.Duration // how often to look whether the path still is this FIFO

	file     *os.File
	capacity int
	split    splitter
	buffer   [64 << 10]byte
}

// batch is what was read at once.
type batch struct {
	lines   []Line
	garbage int
	example string   // of the garbage
	doubts  []string // why something may be missing
}

func (b *batch) empty() bool { return len(b.lines) == 0 && b.garbage == 0 && len(b.doubts) == 0 }

// open makes the FIFO if there is none, and opens it for both directions: so it never ends, whoever comes and goes.
func (p *pipe) open() error {
	for range 3 {
		err := syscall.Mkfifo(p.path, 0o600)
		if errors.Is(err, fs.ErrNotExist) {
			err = ownfile.MakeDir(filepath.Dir(p.path), 0o755)
			if err == nil {
				err = syscall.Mkfifo(p.path, 0o600)
			}
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make FIFO %s: %w", p.path, err)
		}
		f, err := os.OpenFile(p.path, os.O_RDWR|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue // keepalived has just taken it away, to make another.
		}
		if err != nil {
			return fmt.Errorf("open FIFO: %w", err)
		}
		info, err := f.Stat()
		switch {
		case err != nil:
		case info.Mode()&os.ModeNamedPipe == 0:
			err = fmt.Errorf("%s is no FIFO: remove it", p.path)
		case ownfile.TrustedDir(filepath.Dir(p.path)) != nil && ownfile.Others(info):
			// keepalived may have given its FIFO to another user, but nobody else can have put it into a directory of root's.
			err = fmt.Errorf("%s is of another user, in a directory where others can put something: remove it", p.path)
		}
		if err != nil {
			f.Close()
			return err
		}
		p.file, p.capacity = f, enlarge(f)
		return nil
	}
	return fmt.Errorf("open FIFO %s: it comes and goes", p.path)
}

// replaced says whether the path is another file by now.
func (p *pipe) replaced() bool {
	now, err := os.Lstat(p.path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	open, err := p.file.Stat()
	return err != nil || !os.SameFile(now, open)
}

// run reads until ctx ends. It returns an error only if there is no FIFO to read at the start.
func (p *pipe) run(ctx context.Context, out chan<- batch, beat func(), opened func()) error {
	if err := p.open(); err != nil {
		return err
	}
	opened()
	defer func() { p.file.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = p.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for ctx.Err() == nil {
		b := p.read(p.check)
		if p.replaced() {
			p.reopen(&b)
		}
		beat()
		if b.empty() {
			continue
		}
		select {
		case out <- b:
		case <-ctx.Done():
		}
	}
	return nil
}

// read waits for something to read, at most so long, and takes what is there.
func (p *pipe) read(wait time.Duration) batch {
	var b batch
	// A pipe that is nearly full may have been full: the writer does not wait.
	if pending(p.file) >= p.capacity-p.capacity/8 {
		b.doubts = append(b.doubts, "the FIFO was full: keepalived drops what does not fit")
	}
	_ = p.file.SetReadDeadline(time.Now().Add(wait))
	n, err := p.file.Read(p.buffer[:])
	b.garbage += p.split.add(p.buffer[:n], func(text string) {
		line, err := ParseLine(text)
		if err != nil {
			if b.garbage++; b.example == "" {
				b.example = err.Error()
			}
			return
		}
		b.lines = append(b.lines, line)
	})
	if b.garbage > 0 {
		b.doubts = append(b.doubts, "there were lines that mean nothing")
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		b.doubts = append(b.doubts, "the FIFO could not be read: "+err.Error())
		time.Sleep(min(wait, 100*time.Millisecond)) // never in a hurry to fail again
	}
	return b
}

// reopen takes what is left in the old FIFO and goes on with the new one.
func (p *pipe) reopen(b *batch) {
	for {
		rest := p.read(0)
		b.lines = append(b.lines, rest.lines...)
		b.garbage += rest.garbage
		if len(rest.lines) == 0 {
			break
		}
	}
	if p.split.end() {
		b.garbage++
		b.doubts = append(b.doubts, "the old FIFO ended in the middle of a line")
	}
	old := p.file
	if err := p.open(); err != nil {
		p.file = old // still there to be read, if nobody's any more; the next look tries again
		b.doubts = append(b.doubts, err.Error())
		return
	}
	old.Close()
	b.doubts = append(b.doubts, "keepalived has made a new FIFO")
}
