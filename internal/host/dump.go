package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// StateDump asks keepalived to write its state to a file, and reads that. To ask is to send SIGUSR1
// to its parent process (keepalived(8), "SIGNALS").
type StateDump struct {
	Root     string // of the file system; empty: /
	PIDFile  string
	Interval time.Duration // ask not more often than this

	mu   sync.Mutex
	last time.Time
	text string
	err  error
}

// Read returns what keepalived wrote to file, a path as keepalived sees it, and when it was asked for that: now, or less
// than Interval ago.
func (d *StateDump) Read(ctx context.Context, file string) (text string, asked time.Time, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if wait := d.Interval - time.Since(d.last); !d.last.IsZero() && wait > 0 {
		if d.err != nil {
			return "", d.last, fmt.Errorf("%w (the next try is in %s)", d.err, wait.Round(time.Second))
		}
		return d.text, d.last, nil
	}
	d.last = time.Now()
	d.text, d.err = d.ask(ctx, file)
	return d.text, d.last, d.err
}

func (d *StateDump) ask(ctx context.Context, file string) (string, error) {
	pid, err := keepalivedPID(d.Root, d.PIDFile)
	if err != nil {
		return "", fmt.Errorf("ask keepalived for its state: %w", err)
	}
	seen := d.seen(pid, file)
	w, err := watchFile(seen)
	if err != nil {
		return "", fmt.Errorf("read keepalived's state: %w", err)
	}
	defer w.close()
	if err := d.signal(pid); err != nil {
		return "", fmt.Errorf("ask keepalived for its state: %w", err)
	}
	if err := w.written(ctx); err != nil {
		return "", fmt.Errorf("read keepalived's state: %s was not written: %w", seen, err)
	}
	text, err := ownfile.Read(seen, MaxDump) // in /tmp anybody can leave a file of that name
	if err != nil {
		return "", fmt.Errorf("read keepalived's state: %w", err)
	}
	return string(text), nil
}

// seen is where this process sees a file of keepalived's. keepalived may have a /tmp of its own (PrivateTmp of systemd), so the
// way goes through its root, which takes its rights.
func (d *StateDump) seen(pid int, file string) string {
	if root := inProc(d.Root, pid, "root"); readable(root) {
		return filepath.Join(root, file)
	}
	return filepath.Join("/", d.Root, file)
}

func readable(link string) bool {
	_, err := os.Stat(link)
	return err == nil
}

// signal sends SIGUSR1 through a handle on the process, and looks once more what it is a handle on: SIGUSR1 ends most programs.
func (d *StateDump) signal(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return fmt.Errorf("process %d of %s: %w", pid, d.PIDFile, err)
	}
	defer unix.Close(fd)
	if err := isKeepalived(d.Root, pid, d.PIDFile); err != nil {
		return err
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGUSR1, nil, 0); err != nil {
		return fmt.Errorf("send SIGUSR1 to process %d of %s: %w", pid, d.PIDFile, err)
	}
	return nil
}

// MaxDump is more than a director with thousands of real servers writes: keepalived takes some 2 kB for each.
const MaxDump = 64 << 20
