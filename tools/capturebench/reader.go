package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// reader is who listens beside the name server.
type reader struct {
	name    string
	command []string // none: nobody
	screen  bool     // it wants a terminal
	live    bool     // it is asked while it runs; others say at their end
	counts  func(*running) (counted, error)
}

// counted is what a reader says it has seen.
type counted struct {
	known          bool
	packets, drops int // drops are of its ring, as the kernel counts them
}

// running is a reader that was started.
type running struct {
	reader
	cable  *cable
	cmd    *exec.Cmd
	out    bytes.Buffer
	master *os.File
}

// The readers that are more than rivals.
const (
	nobody   = "nobody"
	alone    = "lvsdns, capture alone"
	exporter = "lvsdns-exporter"
)

// readers are who is compared.
func readers(o options) []reader {
	return []reader{
		{name: nobody},
		{name: alone, counts: said, command: []string{o.capture, "eth0", vip}},
		{name: exporter, live: true, counts: metrics, command: []string{
			o.exporter, "--dns.capture", "--web.listen-address", "127.0.0.1:9741", "--checks.socket", "", "--log.level", "error",
		}},
		{name: "tcpdump -w /dev/null", counts: said, command: []string{"tcpdump", "-n", "-i", "eth0", "-w", "/dev/null", "port", "53"}},
		{name: "tcpdump >/dev/null", counts: said, command: []string{"tcpdump", "-n", "-i", "eth0", "port", "53"}},
		{name: "tcpdump -vv >/dev/null", counts: said, command: []string{"tcpdump", "-n", "-vv", "-i", "eth0", "port", "53"}},
		{name: "dnstop", screen: true, command: []string{"dnstop", "eth0"}},
		{name: "gopacket, decoding layers", counts: said, command: []string{o.gopacket, "eth0"}},
	}
}

func (r reader) start(ctx context.Context, c *cable) (*running, error) {
	run := &running{reader: r, cable: c}
	if len(r.command) == 0 {
		return run, nil
	}
	cmd := exec.CommandContext(ctx, r.command[0], r.command[1:]...)
	run.cmd = cmd
	cmd.Stderr = &run.out
	if r.command[0] != "tcpdump" { // which prints there what it is to throw away
		cmd.Stdout = &run.out
	}
	if r.screen {
		slave, err := run.terminal()
		if err != nil {
			return nil, err
		}
		defer slave.Close()
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		cmd.Env = append(os.Environ(), "TERM=xterm")
	}
	if err := start(c.server, cmd); err != nil {
		return nil, err
	}
	// Until it listens. What it costs to start is not measured.
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(1200 * time.Millisecond):
	}
	if cmd.ProcessState != nil {
		return nil, fmt.Errorf("%s has ended: %s", r.name, &run.out)
	}
	return run, nil
}

// terminal makes one of 80 columns and 24 lines, on which nobody looks (pty(7)).
func (r *running) terminal() (slave *os.File, err error) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err == nil {
		slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		master.Close()
		return nil, fmt.Errorf("make a terminal: %w", err)
	}
	r.master = master
	go func() { _, _ = io.Copy(io.Discard, master) }() // ends with the terminal
	return slave, nil
}

// used is the processor time of all its threads so far, those included that have ended.
func (r *running) used() (time.Duration, error) {
	if r.cmd == nil {
		return 0, nil
	}
	// The clock of another process (clock_getcpuclockid(3), MAKE_PROCESS_CPUCLOCK in include/linux/posix-timers_types.h).
	const cpuClockSched = 2
	var t unix.Timespec
	if err := unix.ClockGettime(^int32(r.cmd.Process.Pid)<<3|cpuClockSched, &t); err != nil {
		return 0, fmt.Errorf("read the processor time of %s: %w", r.name, err)
	}
	return time.Duration(t.Nano()), nil
}

// stop ends it, and returns what it says and its user and system time.
func (r *running) stop() (c counted, err error) {
	if r.cmd == nil {
		return c, nil
	}
	if r.live {
		c, err = r.counts(r)
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	_ = r.cmd.Wait()
	if r.master != nil {
		r.master.Close()
	}
	if r.counts != nil && !r.live {
		c, err = r.counts(r)
	}
	return c, err
}

var (
	packets = regexp.MustCompile(`(\d+) packets?\b`)
	dropped = regexp.MustCompile(`(\d+) packets? dropped by kernel`)
)

// said is what a program says at its end, the number of packets that it read first, as tcpdump does.
func said(r *running) (c counted, err error) {
	text := r.out.String()
	m := packets.FindStringSubmatch(text)
	if m == nil {
		return c, fmt.Errorf("no count in %q", text)
	}
	c.known = true
	c.packets, _ = strconv.Atoi(m[1])
	if m = dropped.FindStringSubmatch(text); m != nil {
		c.drops, _ = strconv.Atoi(m[1])
	}
	return c, nil
}
