//go:build lab && bench

package main_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestScrapeCost scrapes 1,000 virtual servers with 10 real servers each, beside node_exporter's
// collector of the same kernel table and `ipvsadm -Ln --stats --exact`, all in turns in one guest.
// It prints the CPU time and whether the goals are met; it fails only if there is nothing to compare.
func TestScrapeCost(t *testing.T) {
	const rounds = 20
	r := newRig(t)
	r.director.IPVSAdm(bigTable(1000, 10)...)
	r.start()
	node := r.director.Start("prometheus-node-exporter", "--collector.disable-defaults", "--collector.ipvs", "--web.listen-address", "127.0.0.1:9100")
	fetch := func(port int, path string) string {
		t.Helper()
		text, err := r.director.Get(t.Context(), fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	r.lab.WaitFor("node_exporter listens", 20*time.Second, func() bool {
		_, err := r.director.Run(t.Context(), "bash", "-c", "</dev/tcp/127.0.0.1/9100")
		return err == nil
	})

	ours, theirs, lines := fetch(9741, "/metrics"), fetch(9100, "/metrics"), 0
	var us, nodes, adms time.Duration
	for range rounds {
		us -= processorTime(t, r.exporter)
		ours = fetch(9741, "/metrics")
		us += processorTime(t, r.exporter)

		nodes -= processorTime(t, node)
		theirs = fetch(9100, "/metrics")
		nodes += processorTime(t, node)

		used, n := listing(t, r)
		adms += used
		lines = n
	}
	ourSeries, theirSeries := seriesCount(ours, "lvsdns_ipvs_"), seriesCount(theirs, "node_ipvs_")
	if lines != 11003 || ourSeries < 90000 || theirSeries < 30000 {
		t.Fatalf("nothing to compare: %d lines of ipvsadm, %d series of ours, %d of node_exporter", lines, ourSeries, theirSeries)
	}

	scrape, collector, adm := us/rounds, nodes/rounds, adms/rounds
	perSeries := func(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / float64(n) }
	t.Logf("1,000 virtual servers x 10 real servers, %d rounds in turns:", rounds)
	t.Logf("%-32s %10s %9s %12s", "", "CPU ms", "series", "ns a series")
	t.Logf("%-32s %10.1f %9d %12.0f", "lvsdns-exporter, a scrape", scrape.Seconds()*1000, ourSeries, perSeries(scrape, ourSeries))
	t.Logf("%-32s %10.1f %9d %12.0f", "node_exporter, a scrape", collector.Seconds()*1000, theirSeries, perSeries(collector, theirSeries))
	t.Logf("%-32s %10.1f", "ipvsadm -Ln --stats --exact", adm.Seconds()*1000)
	goal(t, "a scrape, as a share of ipvsadm's CPU", scrape.Seconds()/adm.Seconds(), 1)
	goal(t, "a series, as a share of node_exporter's CPU", perSeries(scrape, ourSeries)/perSeries(collector, theirSeries), 0.5)
}

// listing runs ipvsadm once: its CPU time, and the lines that it printed. Writing them to a file costs it
// less than anything else that could be done with them.
func listing(t *testing.T, r *rig) (used time.Duration, lines int) {
	t.Helper()
	out, err := r.director.Run(t.Context(), "bash", "-c",
		`TIMEFORMAT='%U %S'; { time ipvsadm -Ln --stats --exact >/run/stats; } 2>&1; wc -l </run/stats`)
	if err != nil {
		t.Fatal(err)
	}
	var user, system float64
	if _, err := fmt.Sscan(out, &user, &system, &lines); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return time.Duration((user + system) * float64(time.Second)), lines
}

func goal(t *testing.T, what string, got, limit float64) {
	t.Helper()
	word := "met"
	if got > limit {
		word = "NOT MET"
	}
	t.Logf("goal: %s: at most %.2f, is %.2f: %s", what, limit, got, word)
}

// processorTime is the user and system time of a program so far.
func processorTime(t *testing.T, p *labtest.Process) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		t.Fatalf("/proc/%d/stat: %q", p.PID(), text)
	}
	return time.Duration(user+system) * time.Second / 100 // USER_HZ
}
