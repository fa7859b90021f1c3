package dnstap

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// socket is what name servers connect to.
type socket struct {
	listener net.Listener
	path     string      // empty: it has no name in the file system
	file     fs.FileInfo // to know it again
}

// openSocket makes the socket under another name and renames it, so that at no moment there is a name that nobody listens to, nor one
// with the wrong mode. What another process left behind is replaced, what it still uses is not.
func openSocket(address string) (*socket, error) {
	if !strings.HasPrefix(address, "/") {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen for dnstap: %w", err)
		}
		return &socket{listener: l}, nil
	}
	if err := replaceable(address); err != nil {
		return nil, err
	}
	temporary := filepath.Join(filepath.Dir(address), "."+filepath.Base(address)+"."+strconv.Itoa(os.Getpid()))
	// Of an earlier process with the same ID, as in a container. Only a socket is removed.
	if info, err := os.Lstat(temporary); err == nil && info.Mode().Type() == fs.ModeSocket {
		_ = os.Remove(temporary)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: temporary, Net: "unix"})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listen for dnstap: %w; make the directory %s, or set dns.dnstap to another path", err, filepath.Dir(address))
	}
	if err != nil {
		return nil, fmt.Errorf("listen for dnstap: %w", err)
	}
	l.SetUnlinkOnClose(false) // it has another name by then
	s := &socket{listener: l, path: address}
	// Name servers run as users of their own: who may connect is the matter of the directory.
	if err = os.Chmod(temporary, 0o666); err == nil {
		if s.file, err = os.Lstat(temporary); err == nil {
			err = os.Rename(temporary, address)
		}
	}
	if err != nil {
		_ = l.Close()
		_ = os.Remove(temporary)
		return nil, fmt.Errorf("listen for dnstap: %w", err)
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
		return fmt.Errorf("listen for dnstap: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("listen for dnstap: %s is there and no socket; remove it, or set dns.dnstap to another path", path)
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
		return fmt.Errorf("listen for dnstap: another process listens on %s; is lvsdns-exporter running twice?", path)
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("listen for dnstap: %w", err)
}

// there reports whether the socket still has its name.
func (s *socket) there() bool {
	if s.path == "" {
		return true
	}
	info, err := os.Lstat(s.path)
	return err == nil && os.SameFile(info, s.file)
}

func (s *socket) close() {
	if s.path != "" && s.there() {
		_ = os.Remove(s.path)
	}
	s.listener.Close()
}
