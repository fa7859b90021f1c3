package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// The goals.
const (
	goalMemory  = 24 << 10 // KB above idle
	goalCPU     = 0.75     // of conntrack -L -p udp >/dev/null
	goalLatency = 2.0      // times the p99 of packets without a pass
)

func (r *results) print(w io.Writer, o options, before, after string) {
	fmt.Fprintf(w, "make bench BENCHFLOWS=%d\n\n", o.entries)
	fmt.Fprintf(w, "%d UDP entries of %d virtual servers in a network namespace, %d rounds.\n", o.entries, services, o.rounds)
	fmt.Fprintf(
		w, "%d CPUs (%s), Linux %s, %s, %s.\n", runtime.NumCPU(), cpuModel(),
		strings.TrimSpace(file("/proc/sys/kernel/osrelease")), runtime.Version(), version("conntrack", "--version"),
	)
	fmt.Fprintf(w, "Load average %s before and %s after.\n\n", before, after)

	const row = "%-36s %9s %9s %9s\n"
	fmt.Fprintf(w, row, "median of the rounds", "CPU ms", "user ms", "system ms")
	for _, c := range []struct {
		name string
		all  []cost
	}{{"one pass, a program of its own", r.passes}, {"conntrack -L -p udp >/dev/null", r.rivals}} {
		fmt.Fprintf(w, row, c.name, milliseconds(median(c.all, cost.cpu)), milliseconds(median(
			c.all, func(c cost) time.Duration { return c.user },
		)),
			milliseconds(median(c.all, func(c cost) time.Duration { return c.system })))
	}
	fmt.Fprintf(w, row, "one pass of lvsdns-exporter", milliseconds(r.exporter.pass), "", "")
	fmt.Fprintf(
		w, "lvsdns-exporter: %d KB with an empty table, %d KB at most with a full one, scraped each second.\n",
		r.exporter.idle, r.exporter.peak,
	)
	fmt.Fprintf(w, "A pass makes %d allocations in all, for 1 entry as for %d.\n\n", r.allocations, o.entries)

	fmt.Fprintf(
		w,
		"UDP echo through a forwarding namespace whose packets the first processor handles, one each ms, %v in each round,\nwithout and with passes one after the other on that processor (%d passes in all). Round trip in µs:\n\n",
		o.echo, r.busyPasses,
	)
	const line = "%-10s %8s %8s %8s %8s %8s %8s\n"
	fmt.Fprintf(w, line, "round", "", "p50", "p90", "p99", "max", "lost")
	for i := range r.idle {
		for _, x := range []struct {
			name string
			l    latencies
		}{{"idle", r.idle[i]}, {"passes", r.busy[i]}} {
			fmt.Fprintf(
				w, line, fmt.Sprint(i+1), x.name, micro(x.l.at(0.5)), micro(x.l.at(0.9)), micro(x.l.at(0.99)),
				micro(x.l.at(1)), fmt.Sprint(x.l.lost),
			)
		}
	}

	fmt.Fprintf(w, "\nGoals\n")
	goal(w, "memory of the exporter above idle, MB", float64(r.exporter.peak-r.exporter.idle)/1024, goalMemory/1024)
	goal(w, "CPU of a pass / conntrack -L", share(median(r.passes, cost.cpu), median(r.rivals, cost.cpu)), goalCPU)
	goal(w, "CPU of the exporter's / conntrack -L", share(r.exporter.pass, median(r.rivals, cost.cpu)), goalCPU)
	idle, busy := medianOf(r.idle, 0.99), medianOf(r.busy, 0.99)
	goal(w, "p99 of packets, passes / idle", share(busy, idle), goalLatency)
	fmt.Fprintf(w, "  (medians of the rounds: %s µs with passes, %s µs without)\n", micro(busy), micro(idle))
	printCounts(w, r.counted)
}

func goal(w io.Writer, name string, got, most float64) {
	word := "met"
	if got > most {
		word = "NOT MET"
	}
	fmt.Fprintf(w, "  %-38s at most %5.2f, is %5.2f: %s\n", name, most, got, word)
}

// printCounts says whether all have counted the same. conntrack knows nothing of stale flows.
func printCounts(w io.Writer, c counts) {
	word := "met"
	for _, s := range slices.Sorted(maps.Keys(c.made)) {
		if c.pass[s] != c.made[s] || s != "stale" && c.tool[s] != c.made[s] {
			word = "NOT MET"
		}
	}
	fmt.Fprintf(w, "  %-38s made %v, pass %v, conntrack -L %v: %s\n", "the same counts", c.made, c.pass, c.tool, word)
}

func median(all []cost, of func(cost) time.Duration) time.Duration {
	var list []time.Duration
	for _, c := range all {
		list = append(list, of(c))
	}
	return middle(list)
}

func medianOf(all []latencies, at float64) time.Duration {
	var list []time.Duration
	for _, l := range all {
		list = append(list, l.at(at))
	}
	return middle(list)
}

func middle(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}

func share(a, b time.Duration) float64 { return float64(a) / float64(max(b, 1)) }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.0f", d.Seconds()*1000) }

func micro(d time.Duration) string { return fmt.Sprint(d.Microseconds()) }

func loadAverage() string {
	one, _, _ := strings.Cut(file("/proc/loadavg"), " ")
	return one
}

func cpuModel() string {
	_, model, _ := strings.Cut(file("/proc/cpuinfo"), "model name\t: ")
	model, _, _ = strings.Cut(model, "\n")
	return model
}

func version(name string, args ...string) string {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return name + " of unknown version"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

// file returns a file's text, "" where there is none: it describes the machine, no more.
func file(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}
