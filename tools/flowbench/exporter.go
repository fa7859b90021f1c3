package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// exporter is lvsdns-exporter in the director's namespace. This machine may have no IPVS: then its passes count all
// flows, and none of a virtual server.
type exporter struct {
	cmd     *exec.Cmd
	client  *http.Client
	stopped bool
	before  int // KB
}

// exporterCost is what it took.
type exporterCost struct {
	idle, peak int           // KB: resident with an empty table, and the most ever with a full one
	pass       time.Duration // processor time of the last pass, as it says itself
	entries    int           // that the last pass has met
}

func startExporter(ctx context.Context, program string, p *path) (*exporter, error) {
	e := &exporter{client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
			err = netns.Do(p.director, func() error {
				conn, err = (&net.Dialer{}).DialContext(ctx, network, addr)
				return err
			})
			return conn, err
		},
	}}}
	err := netns.Do(p.director, func() error {
		e.cmd = exec.CommandContext(
			ctx, program, "--web.listen-address", "127.0.0.1:9741", "--conntrack.interval", "5s", "--checks.socket",
			"", "--log.level", "error",
		)
		return e.cmd.Start()
	})
	if err != nil {
		return nil, fmt.Errorf("start the exporter: %w", err)
	}
	return e, nil
}

func (e *exporter) stop() {
	if !e.stopped {
		e.stopped = true
		_ = e.cmd.Process.Signal(syscall.SIGTERM)
		_ = e.cmd.Wait()
	}
}

// idle scrapes it for three passes over an empty table.
func (e *exporter) idle(ctx context.Context) error {
	for tries := 0; ; tries++ { // it may take its time to start
		if _, err := e.page(ctx); err == nil {
			break
		} else if tries == 30 {
			return err
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
	for range 15 {
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
		if _, err := e.page(ctx); err != nil {
			return err
		}
	}
	var err error
	e.before, err = e.memory("VmRSS")
	return err
}

// full scrapes it until three passes have seen the whole table.
func (e *exporter) full(ctx context.Context, entries int) (exporterCost, error) {
	c := exporterCost{idle: e.before}
	first := -1
	for range 300 {
		if err := pause(ctx, time.Second); err != nil {
			return c, err
		}
		page, err := e.page(ctx)
		if err != nil {
			return c, err
		}
		done := int(value(page, `lvsdns_conntrack_passes_total{result="done"}`))
		c.entries = int(value(page, `lvsdns_conntrack_pass_entries{protocol="udp",family="ipv4"}`))
		c.pass = time.Duration(value(page, "lvsdns_conntrack_pass_cpu_seconds") * float64(time.Second))
		if c.entries >= entries && first < 0 {
			first = done
		}
		if first >= 0 && done >= first+2 {
			c.peak, err = e.memory("VmHWM")
			return c, err
		}
	}
	return c, fmt.Errorf("the exporter has not seen %d entries in five minutes, but %d", entries, c.entries)
}

func (e *exporter) page(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:9741/metrics", nil)
	if err != nil {
		return "", err
	}
	response, err := e.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// memory reads one line of /proc/PID/status.
func (e *exporter) memory(name string) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("/proc/%d/status has no %s", e.cmd.Process.Pid, name)
	}
	return strconv.Atoi(string(m[1]))
}

func value(page, series string) float64 {
	for line := range strings.Lines(page) {
		if v, ok := strings.CutPrefix(line, series+" "); ok {
			f, _ := strconv.ParseFloat(strings.TrimSpace(v), 64)
			return f
		}
	}
	return 0
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
