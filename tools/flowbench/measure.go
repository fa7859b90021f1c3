package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/flowtest"
	"github.com/lvsdns/lvsdns/internal/netns"
)

const services = 1000

// results are what was measured.
type results struct {
	passes, rivals []cost // of the pass, and of conntrack -L
	counted        counts
	allocations    int
	exporter       exporterCost
	idle, busy     []latencies // of packets, by round
	busyPasses     int
}

// cost is what one run of a program took.
type cost struct {
	user, system time.Duration
}

func (c cost) cpu() time.Duration { return c.user + c.system }

// counts are flows, as each reader of the table sees them.
type counts struct {
	made, pass, tool map[string]int
}

func (r *results) measure(ctx context.Context, o options, p *path) error {
	exporter, err := startExporter(ctx, o.exporter, p)
	if err != nil {
		return err
	}
	defer exporter.stop()
	if err := exporter.idle(ctx); err != nil {
		return err
	}
	if r.counted.made, err = fill(p, o.entries); err != nil {
		return err
	}
	if r.exporter, err = exporter.full(ctx, o.entries); err != nil {
		return err
	}
	exporter.stop()

	if r.counted.tool, err = countByTool(ctx, p); err != nil {
		return err
	}
	stop, err := serveEcho(p.server)
	if err != nil {
		return err
	}
	defer stop()
	for range o.rounds {
		if err := r.round(ctx, o, p); err != nil {
			return err
		}
	}
	return nil
}

// round measures everything once, so that all meet the same machine.
func (r *results) round(ctx context.Context, o options, p *path) error {
	out, c, err := timed(p.exec(ctx, o.pass, strconv.Itoa(services)))
	if err != nil {
		return err
	}
	r.passes = append(r.passes, c)
	if r.counted.pass, r.allocations, err = readPass(out); err != nil {
		return err
	}
	if _, c, err = timed(p.exec(ctx, "conntrack", "-L", "-p", "udp")); err != nil {
		return err
	}
	r.rivals = append(r.rivals, c)

	l, err := measureEcho(ctx, p.client, o.echo)
	if err != nil {
		return err
	}
	r.idle = append(r.idle, l)
	// One pass after the other on the director's processor, for longer than the packets take.
	passes := p.exec(ctx, "taskset", "-c", strconv.Itoa(directorCPU), o.pass, strconv.Itoa(services), (o.echo + 2*time.Second).String())
	var made strings.Builder
	passes.Stdout = &made
	if err := passes.Start(); err != nil {
		return err
	}
	time.Sleep(time.Second)
	l, err = measureEcho(ctx, p.client, o.echo)
	if waited := passes.Wait(); err == nil {
		err = waited
	}
	r.busy = append(r.busy, l)
	n, _ := strconv.Atoi(strings.TrimSpace(made.String()))
	r.busyPasses += n
	return err
}

// exec is a program in the director's namespace.
func (p *path) exec(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", p.names[1]}, args...)...)
}

// timed runs a program whose output nobody reads, as with >/dev/null, but for its first line.
func timed(cmd *exec.Cmd) (string, cost, error) {
	var line firstLine
	if strings.Contains(strings.Join(cmd.Args, " "), " -L ") {
		cmd.Stdout = nil // /dev/null itself: a pipe would cost both sides
	} else {
		cmd.Stdout = &line
	}
	err := cmd.Run()
	if err != nil {
		return "", cost{}, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	u := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return string(line), cost{time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())}, nil
}

type firstLine []byte

func (l *firstLine) Write(b []byte) (int, error) {
	if len(*l) < 200 {
		*l = append(*l, b...)
	}
	return len(b), nil
}

// states are the ways in which a flow can stand, in the order in which they are made.
var states = []string{"unreplied", "replied", "assured"}

// fill makes flows of a thousand virtual servers, each with five real servers and two that are gone.
func fill(p *path, n int) (map[string]int, error) {
	made := map[string]int{}
	var table *flowtest.Table
	if err := netns.Do(p.director, func() (err error) { table, err = flowtest.Open(); return err }); err != nil {
		return nil, err
	}
	defer table.Close()
	_, err := table.Create(n, func(i int) flowtest.Flow {
		state := i % len(states)
		made[states[state]]++
		server := i % 7
		if server >= 5 {
			made["stale"]++
		}
		return flowtest.Flow{
			Client:  netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 24), byte(i >> 16), byte(i >> 8)}), uint16(1024+i&255)),
			Service: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, byte(i % services >> 8), byte(i % services)}), 53),
			Server:  netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(server)}), 53),
			Status:  []flowtest.Status{flowtest.Unreplied, flowtest.Replied, flowtest.Assured}[state], Timeout: 7200,
		}
	})
	if err != nil {
		return nil, fmt.Errorf("fill the table: %w", err)
	}
	return made, nil
}

// readPass reads what testdata/pass prints.
func readPass(line string) (counts map[string]int, allocations int, err error) {
	var n [6]int
	if _, err := fmt.Sscan(line, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]); err != nil {
		return nil, 0, fmt.Errorf("the pass printed %q: %w", line, err)
	}
	return map[string]int{"unreplied": n[1], "replied": n[2], "assured": n[3], "stale": n[4]}, n[5], nil
}

// countByTool counts the lines of conntrack -L.
func countByTool(ctx context.Context, p *path) (map[string]int, error) {
	cmd := p.exec(ctx, "conntrack", "-L", "-p", "udp")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	counted := map[string]int{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		switch line := lines.Text(); {
		case !strings.Contains(line, " dst=192.0."):
		case strings.Contains(line, "[UNREPLIED]"):
			counted["unreplied"]++
		case strings.Contains(line, "[ASSURED]"):
			counted["assured"]++
		default:
			counted["replied"]++
		}
	}
	_, _ = io.Copy(io.Discard, out)
	return counted, cmd.Wait()
}
