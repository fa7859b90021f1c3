//go:build prove

package capture

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// TestTenthOfACore gives the capture a tenth of a core, first for itself, then with a neighbour that takes what it can of it. It
// says when it sees less than there is, takes a sample that it has time for, and what it counts then is the truth.
func TestTenthOfACore(t *testing.T) {
	for _, tt := range []struct {
		name      string
		neighbour bool
	}{{"alone", false}, {"with a neighbour", true}} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(t, "eth0")
			group := tenth(t)
			child := throttled(t, p, group)
			if tt.neighbour {
				busy := exec.Command("sh", "-c", "while :; do :; done")
				must(t, busy.Start())
				t.Cleanup(func() { busy.Process.Kill(); busy.Wait() })
				must(t, group.take(busy.Process.Pid))
			}
			l := newMixture(p)
			before, beforeTruth := child.settled(), l.truth()
			stop := l.background()
			// As long as it takes for the valve to be done: nothing was lost for five seconds, or never.
			lost, quiet, r := uint64(0), time.Now(), before
			for end := time.Now().Add(90 * time.Second); time.Since(quiet) < 5*time.Second && time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
				if r = child.ask(); r.Drops != lost {
					lost, quiet = r.Drops, time.Now()
				}
			}
			stop()
			after, truth := child.settled(), l.truth().minus(beforeTruth)
			seen := after.Counts.Seen[dnscount.UDP] - before.Counts.Seen[dnscount.UDP]
			coverage := float64(seen) / float64(truth.queries)
			t.Logf("until the sample was right: %d of %d queries seen, coverage %.4f; of %d packets %d dropped; one in %d", seen, truth.queries, coverage, after.Packets, after.Drops, after.Sample)
			switch {
			case tt.neighbour && (after.Drops == 0 || after.Sample == 1):
				t.Errorf("nothing was lost, or nothing was done about it: %d dropped, one in %d", after.Drops, after.Sample)
			case coverage > 0.99 && float64(after.Drops) > 0.02*float64(after.Packets):
				t.Errorf("coverage is %.4f, and %d of %d packets are lost", coverage, after.Drops, after.Packets)
			}

			for try := 1; ; try++ {
				before, beforeTruth := child.settled(), l.truth()
				l.send(150_000)
				after, truth := child.settled(), l.truth().minus(beforeTruth)
				if (after.Drops != before.Drops || after.Sample != before.Sample) && try < 5 {
					t.Logf("once more: %d dropped, one in %d, before one in %d", after.Drops-before.Drops, after.Sample, before.Sample)
					continue
				}
				t.Logf("%d queries and %d responses, one in %d, %d dropped", truth.queries, truth.responses, after.Sample, after.Drops-before.Drops)
				compare(t, before.Counts, after.Counts, truth, after.Sample)
				break
			}
		})
	}
}

// compare holds counters against the truth: 3 standard errors of a sample of one in so many are allowed, and none if it is all.
func compare(t *testing.T, before, after dnscount.Counts, truth mixed, sample uint64) {
	t.Helper()
	worst := 0.0
	near := func(what string, before, after, want uint64) {
		t.Helper()
		got, allowed := after-before, math.Sqrt(float64(want)*float64(sample-1))
		off := math.Abs(float64(got) - float64(want))
		if allowed > 0 {
			worst = max(worst, off/allowed)
		}
		if off > 3*allowed {
			t.Errorf("%s: %d, want %d and at most %.0f off", what, got, want, 3*allowed)
		}
	}
	near("coverage", before.Seen[dnscount.UDP], after.Seen[dnscount.UDP], truth.queries)
	near("queries", before.Queries[dnscount.UDP][0], after.Queries[dnscount.UDP][0], truth.queries)
	for i, name := range dnscount.Types {
		near("type "+name, before.ByType[i], after.ByType[i], truth.types[i])
	}
	for i, name := range dnscount.Rcodes {
		near("rcode "+name, before.Responses[dnscount.UDP][i], after.Responses[dnscount.UDP][i], truth.rcodes[i])
	}
	near("truncated", before.Truncated[0], after.Truncated[0], truth.truncated)
	near("latencies", before.Latency[dnscount.UDP].Count(), after.Latency[dnscount.UDP].Count(), truth.responses)
	t.Logf("the largest error is %.2f standard errors", worst)
}

// group is a control group.
type group string

// tenth makes one that may use 100 ms of processor time in each second, all of it at once.
func tenth(t *testing.T) group {
	t.Helper()
	for _, kind := range []struct {
		root, control string
		limits        [][2]string
	}{
		{"/sys/fs/cgroup", "cgroup.subtree_control", [][2]string{{"cpu.max", "100000 1000000"}}},
		{"/sys/fs/cgroup/cpu", "", [][2]string{{"cpu.cfs_period_us", "1000000"}, {"cpu.cfs_quota_us", "100000"}}},
	} {
		if kind.control != "" && os.WriteFile(filepath.Join(kind.root, kind.control), []byte("+cpu"), 0) != nil {
			continue
		}
		dir := filepath.Join(kind.root, "lvsdns-"+strconv.Itoa(os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() {
			for end := time.Now().Add(5 * time.Second); os.Remove(dir) != nil && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			}
		})
		for _, l := range kind.limits {
			if err := os.WriteFile(filepath.Join(dir, l[0]), []byte(l[1]), 0); err != nil {
				t.Skipf("no limit of processor time here: %v", err)
			}
		}
		return group(dir)
	}
	t.Skip("no control groups of processor time here")
	return ""
}

func (g group) take(pid int) error {
	return os.WriteFile(filepath.Join(string(g), "cgroup.procs"), []byte(strconv.Itoa(pid)), 0)
}

// capturer is a process that captures, and says what it has counted when it is asked.
type capturer struct {
	t     *testing.T
	in    *os.File
	lines *bufio.Scanner
}

type captured struct {
	Sample, Frames, Packets, Drops uint64
	Counts                         dnscount.Counts
}

const childVariable = "LVSDNS_CAPTURE_CHILD"

func throttled(t *testing.T, p *pair, g group) *capturer {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestCaptureChild$", "-test.timeout", "10m")
	cmd.Env = append(os.Environ(), childVariable+"=yes")
	cmd.Stderr = os.Stderr
	asks, in, err := os.Pipe()
	must(t, err)
	out, answers, err := os.Pipe()
	must(t, err)
	cmd.ExtraFiles = []*os.File{asks, answers}
	p.inside(p.server, cmd.Start)
	asks.Close()
	answers.Close()
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	must(t, g.take(cmd.Process.Pid))
	c := &capturer{t: t, in: in, lines: bufio.NewScanner(out)}
	c.lines.Buffer(nil, 1<<20)
	return c
}

func (c *capturer) ask() (r captured) {
	c.t.Helper()
	fmt.Fprintln(c.in)
	if !c.lines.Scan() {
		c.t.Fatalf("the capture has ended: %v", c.lines.Err())
	}
	must(c.t, json.Unmarshal(c.lines.Bytes(), &r))
	return r
}

// settled asks until nothing comes any more.
func (c *capturer) settled() captured {
	c.t.Helper()
	last := c.ask()
	for same := 0; same < 3; {
		time.Sleep(time.Second)
		r := c.ask()
		if same++; r.Frames != last.Frames || r.Drops != last.Drops || r.Packets != r.Frames+r.Drops {
			same = 0
		}
		last = r
	}
	return last
}

// TestCaptureChild is the process that captures.
func TestCaptureChild(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		t.Skip("the other half of TestTenthOfACore")
	}
	c := New(Config{Blocks: 32, Seed: 7})
	must(t, c.Update(served()))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	asks, answers := bufio.NewScanner(os.NewFile(3, "asks")), json.NewEncoder(os.NewFile(4, "answers"))
	for asks.Scan() {
		r := c.Read()
		for len(r.Links) == 0 || !r.Links[0].Listening {
			if strings.TrimSpace(fmt.Sprint(r.Err)) != "<nil>" {
				t.Fatal(r.Err)
			}
			time.Sleep(50 * time.Millisecond)
			r = c.Read()
		}
		say := captured{Sample: r.Sample, Frames: r.Totals.Frames, Packets: r.Links[0].Packets, Drops: r.Links[0].Drops}
		for _, s := range r.Services {
			if s.At == ap(vip+":53") {
				say.Counts = s.Counts
			}
		}
		must(t, answers.Encode(say))
	}
	cancel()
	must(t, <-done)
}
