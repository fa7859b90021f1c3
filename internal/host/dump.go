package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// StateDump asks keepalived to write its state to a file, and reads that. To ask is to send SIGUSR1
// to its parent process (keepalived(8), "SIGNALS").
type StateDump struct {
	PIDFile  string
	File     string        // keepalived_check.data in /tmp, or in tmp_config_directory
	Interval time.Duration // ask not more often than this

	mu   sync.Mutex
	last time.Time
	text string
}

// Read returns what keepalived wrote: now, or less than Interval ago.
func (d *StateDump) Read(ctx context.Context) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.last.IsZero() && time.Since(d.last) < d.Interval && d.text != "" {
		return d.text, nil
	}
	if wait := d.Interval - time.Since(d.last); !d.last.IsZero() && wait > 0 {
		return "", fmt.Errorf("keepalived's state: the last try gave nothing, the next is in %s", wait.Round(time.Second))
	}
	d.last, d.text = time.Now(), ""
	before, _ := os.Lstat(d.File)
	if err := askKeepalived(d.PIDFile); err != nil {
		return "", fmt.Errorf("ask keepalived for its state: %w", err)
	}
	text, err := d.written(ctx, before)
	if err != nil {
		return "", fmt.Errorf("read keepalived's state: %w", err)
	}
	d.text = text
	return text, nil
}

// written waits until the file is another than before and has stopped to grow: keepalived writes it in place.
func (d *StateDump) written(ctx context.Context, before os.FileInfo) (string, error) {
	const look = 50 * time.Millisecond
	var size int64 = -1
	for {
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%s was not written: %w", d.File, ctx.Err())
		case <-time.After(look):
		}
		now, err := os.Lstat(d.File)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		if err != nil || before != nil && os.SameFile(before, now) && now.ModTime().Equal(before.ModTime()) || now.Size() != size {
			if err == nil {
				size = now.Size()
			}
			continue
		}
		return readOwned(d.File)
	}
}

// maxDump is more than a director with thousands of real servers writes.
const maxDump = 256 << 20

// readOwned reads a regular file of root's or of our own user: in /tmp anybody can leave a file of that name.
func readOwned(name string) (string, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.Mode().IsRegular() || !ok || stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return "", fmt.Errorf("%s is not keepalived's: no regular file, or not root's", name)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxDump))
	return string(text), err
}

// askKeepalived signals through a handle on the process, taken before it is looked at: SIGUSR1 ends most
// programs, and the number in the file may have become another's.
func askKeepalived(pidFile string) error {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return fmt.Errorf("%s holds no process ID", pidFile)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("process %d of %s: %w", pid, pidFile, os.ErrNotExist)
	}
	if err != nil {
		return fmt.Errorf("process %d of %s: %w", pid, pidFile, err)
	}
	defer unix.Close(fd)
	name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(name)) != "keepalived" {
		return fmt.Errorf("process %d of %s is no keepalived", pid, pidFile)
	}
	return unix.PidfdSendSignal(fd, unix.SIGUSR1, nil, 0)
}
