package host

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// watch sees when a file is written. Its size tells nothing: keepalived puts its state into a new file, gives that its name
// (fopen_safe in keepalived's lib/utils.c), and writes it in pieces, with pauses on a busy machine.
type watch struct {
	events *os.File
	name   string
}

// watchFile watches the directory of a file, which itself need not exist (inotify(7)).
func watchFile(file string) (*watch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch a directory: %w", err)
	}
	dir, name := filepath.Split(file)
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CLOSE_WRITE|unix.IN_ONLYDIR); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("watch %s: %w", dir, err)
	}
	return &watch{os.NewFile(uintptr(fd), "inotify"), name}, nil
}

func (w *watch) close() { _ = w.events.Close() }

// written waits until somebody has written the file and closed it.
func (w *watch) written(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = w.events.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buf := make([]byte, 64<<10)
	for {
		n, err := w.events.Read(buf)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if named(buf[:n], w.name) {
			return nil
		}
	}
}

// named reports whether one of the events (struct inotify_event) is about this name.
func named(events []byte, name string) bool {
	for len(events) >= unix.SizeofInotifyEvent {
		length := binary.NativeEndian.Uint32(events[12:])
		events = events[unix.SizeofInotifyEvent:]
		if uint64(length) > uint64(len(events)) {
			return false
		}
		about, _, _ := bytes.Cut(events[:length], []byte{0})
		if string(about) == name {
			return true
		}
		events = events[length:]
	}
	return false
}
