package exporter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Listen takes reports of checks until ctx ends. A socket that cannot be made is tried again every so often, and so is one
// whose file somebody has removed; until it is there, the source "checks" says why.
func (c *Checks) Listen(ctx context.Context) error {
	const retry = 5 * time.Second
	for ctx.Err() == nil {
		err := c.listenOnce(ctx, retry)
		c.setListening(time.Time{}, err)
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
	return nil
}

func (c *Checks) listenOnce(ctx context.Context, look time.Duration) error {
	s, err := openSocket(c.config.Socket)
	if err != nil {
		return err
	}
	defer s.close()
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	c.setListening(c.config.Now(), nil)

	buf := make([]byte, maxDatagram)
	for ctx.Err() == nil {
		if err := s.conn.SetReadDeadline(time.Now().Add(look)); err != nil {
			return err
		}
		if ctx.Err() != nil { // The deadline may have come after the one that says so.
			return nil
		}
		n, _, flags, _, err := s.conn.ReadMsgUnix(buf, nil)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			if !s.there() {
				return fmt.Errorf("%s was removed or replaced", s.path)
			}
		case err != nil:
			return fmt.Errorf("read from %s: %w", s.path, err)
		case flags&syscall.MSG_TRUNC != 0:
			c.mu.Lock()
			c.count(oversize)
			c.mu.Unlock()
		default:
			c.take(buf[:n])
		}
	}
	return nil
}

// socket is a datagram socket with a name in the file system.
type socket struct {
	conn *net.UnixConn
	path string
	file fs.FileInfo // to know it again
}

// openSocket makes the socket under another name and renames it: at no moment is there a name that nobody listens to, nor one with
// the wrong mode. What another process left behind is replaced, what it still uses is not.
func openSocket(path string) (*socket, error) {
	if err := replaceable(path); err != nil {
		return nil, err
	}
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+strconv.Itoa(os.Getpid()))
	// Of an earlier process with the same ID, as in a container. Only a socket is removed.
	if info, err := os.Lstat(temporary); err == nil && info.Mode().Type() == fs.ModeSocket {
		_ = os.Remove(temporary)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: temporary, Net: "unixgram"})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listen for checks: %w; make the directory %s, or set checks.socket to another path", err, filepath.Dir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("listen for checks: %w", err)
	}
	s := &socket{conn: conn, path: path}
	// Checks run as keepalived's script user, not as ours.
	if err = os.Chmod(temporary, 0o666); err == nil {
		if s.file, err = os.Lstat(temporary); err == nil {
			err = os.Rename(temporary, path)
		}
	}
	if err != nil {
		conn.Close()
		_ = os.Remove(temporary)
		return nil, fmt.Errorf("listen for checks: %w", err)
	}
	return s, nil
}

// replaceable reports whether there is nothing at path, or a socket that nobody listens to.
func replaceable(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("listen for checks: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("listen for checks: %s is there and no socket; remove it, or set checks.socket to another path", path)
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err == nil {
		conn.Close()
		return fmt.Errorf("listen for checks: another process listens on %s; is lvsdns-exporter running twice?", path)
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("listen for checks: %w", err)
}

func (s *socket) there() bool {
	info, err := os.Lstat(s.path)
	return err == nil && os.SameFile(info, s.file)
}

func (s *socket) close() {
	if s.there() {
		_ = os.Remove(s.path)
	}
	s.conn.Close()
}
