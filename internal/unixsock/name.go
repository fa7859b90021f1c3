package unixsock

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Name is what a socket is called in the file system.
type Name struct {
	path string
	file fs.FileInfo // to know it again
}

// Listen makes a stream socket that listens at a path, with these rights.
func Listen(path string, mode fs.FileMode) (*net.UnixListener, *Name, error) {
	var l *net.UnixListener
	name, err := open("unix", path, mode, func(at *net.UnixAddr) (close func() error, err error) {
		if l, err = net.ListenUnix("unix", at); err != nil {
			return nil, err
		}
		l.SetUnlinkOnClose(false) // it has another name by then
		return l.Close, nil
	})
	return l, name, err
}

// ListenDatagram makes a datagram socket at a path, with these rights, of which [Read] tells who sent what.
func ListenDatagram(path string, mode fs.FileMode) (*net.UnixConn, *Name, error) {
	var c *net.UnixConn
	name, err := open("unixgram", path, mode, func(at *net.UnixAddr) (close func() error, err error) {
		if c, err = net.ListenUnixgram("unixgram", at); err != nil {
			return nil, err
		}
		// Before it has its name: of what came earlier nobody knew the sender.
		if err = withSenders(c); err != nil {
			_ = c.Close()
			return nil, err
		}
		return c.Close, nil
	})
	return c, name, err
}

// open makes the socket under another name and renames it: at no moment is there a name that nobody listens to, nor one with the wrong
// rights. What another process left behind is replaced, what it still uses is not. A link stays: the socket is where it leads.
func open(network, path string, mode fs.FileMode, listen func(*net.UnixAddr) (close func() error, err error)) (*Name, error) {
	path, err := behind(path)
	if err != nil {
		return nil, err
	}
	if err := replaceable(network, path); err != nil {
		return nil, err
	}
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+strconv.Itoa(os.Getpid()))
	// Of an earlier process with the same ID, as in a container. Only a socket is removed.
	if info, err := os.Lstat(temporary); err == nil && info.Mode().Type() == fs.ModeSocket {
		_ = os.Remove(temporary)
	}
	closing, err := listen(&net.UnixAddr{Name: temporary, Net: network})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; make the directory %s, or choose another path", err, filepath.Dir(path))
	}
	if err != nil {
		return nil, err
	}
	n := &Name{path: path}
	if err = chmod(temporary, mode); err == nil {
		if n.file, err = os.Lstat(temporary); err == nil {
			err = os.Rename(temporary, path)
		}
	}
	if err != nil {
		_ = closing()
		_ = os.Remove(temporary)
		return nil, err
	}
	return n, nil
}

// behind is where a name leads that is a link, such as /run/lvsdns/check.sock to the directory of a program that is not root's. One that
// somebody else has made leads nowhere.
func behind(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSymlink {
		return path, nil // what is there instead, if anything, is looked at by whoever uses the name
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); !ok || owner.Uid != 0 && int(owner.Uid) != os.Geteuid() {
		return "", fmt.Errorf("%s is a link that is neither root's nor ours; remove it", path)
	}
	to, err := os.Readlink(path)
	if err == nil && !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(path), to)
	}
	return to, err
}

// replaceable reports whether there is nothing at path, or a socket that nobody listens to.
func replaceable(network, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and no socket; remove it, or choose another path", path)
	}
	conn, err := net.DialUnix(network, nil, &net.UnixAddr{Name: path, Net: network})
	if err == nil {
		conn.Close()
		return fmt.Errorf("another process listens on %s; does this program run twice?", path)
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// There reports whether the name still leads to the socket.
func (n *Name) There() bool {
	info, err := os.Lstat(n.path)
	return err == nil && os.SameFile(info, n.file)
}

// Remove takes the name away, if it is still the socket's. Others may have taken it.
func (n *Name) Remove() {
	if n.There() {
		_ = os.Remove(n.path)
	}
}
