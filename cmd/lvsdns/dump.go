package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// belief reads keepalived's state dump; nil without one.
func belief(ctx context.Context, o driftOptions, cfg *keepalived.Config) (*keepalived.Belief, error) {
	name := o.stateDump
	if o.signal {
		var err error
		if name, err = freshDump(ctx, o, cfg); err != nil {
			return nil, err
		}
	}
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read keepalived's state dump: %w", err)
	}
	b := keepalived.ParseBelief(string(text))
	if len(b.VirtualServers) == 0 && len(cfg.VirtualServers) > 0 {
		return nil, fmt.Errorf("%s names no virtual server: it must be the keepalived_check.data that keepalived writes after SIGUSR1", name)
	}
	return &b, nil
}

// freshDump asks keepalived for its state dump and waits until it is written.
func freshDump(ctx context.Context, o driftOptions, cfg *keepalived.Config) (string, error) {
	pid, err := keepalivedPID(o.pidFile)
	if err != nil {
		return "", err
	}
	name := o.stateDump
	if name == "" {
		name = dumpOf(pid, cfg)
	}
	before := time.Time{}
	if info, err := os.Stat(name); err == nil {
		before = info.ModTime()
	}
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		return "", fmt.Errorf("send SIGUSR1 to keepalived (pid %d): %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return name, untilWritten(ctx, name, before)
}

// untilWritten waits for a file that is newer and does not grow any more.
func untilWritten(ctx context.Context, name string, before time.Time) error {
	size := int64(-1)
	for {
		info, err := os.Stat(name)
		if err == nil && info.ModTime().After(before) {
			if info.Size() == size && size > 0 {
				return nil
			}
			size = info.Size()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for keepalived to write %s: %w; --state-dump says where it writes it", name, context.Cause(ctx))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// keepalivedPID reads the pid file, and looks that the process is keepalived:
// SIGUSR1 ends most other programs.
func keepalivedPID(name string) (int, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, fmt.Errorf("find keepalived: %w; --pid-file says where its pid is", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("find keepalived: %s holds no process id", name)
	}
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("find keepalived: process %d of %s does not run", pid, name)
	}
	if err != nil {
		return 0, fmt.Errorf("find keepalived: %w", err)
	}
	if got := strings.TrimSpace(string(comm)); !strings.HasPrefix(got, "keepalived") {
		return 0, fmt.Errorf("find keepalived: process %d of %s is %s", pid, name, got)
	}
	return pid, nil
}

// dumpOf is where keepalived writes what its checker process believes. It may
// have a /tmp of its own (PrivateTmp of systemd), so the path goes by its root.
func dumpOf(pid int, cfg *keepalived.Config) string {
	dir, name := "/tmp", "keepalived_check.data"
	if d := cfg.Global.TmpDirectory.V; d != "" {
		dir = d
	}
	if i := cfg.Global.Instance.V; i != "" && cfg.Global.DataUseInstance.V {
		name = "keepalived_check." + i + ".data"
	}
	return filepath.Join(fmt.Sprintf("/proc/%d/root", pid), dir, name)
}
