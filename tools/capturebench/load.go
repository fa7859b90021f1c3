package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// load is what dnsperf asks.
type load struct{ file string }

// answered is what became of it, as dnsperf says.
type answered struct {
	sent, completed int
	perSecond       float64
}

func (a answered) packets() int { return a.sent + a.completed }

func newLoad(dir string) (load, error) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(
			&text,
			"www.example.com A\nwww.example.com AAAA\nmail.example.com A\nexample.com MX\ntxt.example.com TXT\nh%d.example.com A\n",
			i,
		) // the last ones do not exist
	}
	l := load{filepath.Join(dir, "queries")}
	return l, os.WriteFile(l.file, []byte(text.String()), 0o644)
}

// run asks for some time: so many queries each second, or as many as are answered. With EDNS and DO, as resolvers ask.
func (l load) run(ctx context.Context, c *cable, span time.Duration, rate int) (answered, error) {
	args := []string{"-s", vip, "-d", l.file, "-l", strconv.Itoa(int(span.Seconds())), "-c", "20", "-q", "200", "-e", "-D", "-t", "2"}
	if rate > 0 {
		args = append(args, "-Q", strconv.Itoa(rate))
	}
	cmd := exec.CommandContext(ctx, "dnsperf", args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := start(c.client, cmd); err != nil {
		return answered{}, err
	}
	if err := cmd.Wait(); err != nil {
		return answered{}, fmt.Errorf("dnsperf: %w: %s", err, &out)
	}
	return readDNSPerf(out.String())
}

var statistics = regexp.MustCompile(`(?s)Queries sent: +(\d+).*Queries completed: +(\d+).*Queries per second: +([0-9.]+)`)

func readDNSPerf(out string) (a answered, err error) {
	m := statistics.FindStringSubmatch(out)
	if m == nil {
		return a, fmt.Errorf("dnsperf says no numbers: %q", out)
	}
	_, err = fmt.Sscan(strings.Join(m[1:], " "), &a.sent, &a.completed, &a.perSecond)
	return a, err
}
