package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// The goals: processor time as a share of each rival's, answers of the name server that may be missing, packets that may.
const (
	goalCPU    = 1.00
	goalServer = 0.12
	goalLoss   = 0.0001
)

func (r *results) print(w io.Writer, o options, before, after string) {
	fmt.Fprintf(
		w, "capturebench -rounds %d -span %v -rate %d -steady=%t -full=%t -only %q\n\n", o.rounds, o.span, o.rate,
		o.steady, o.full, o.only,
	)
	fmt.Fprintf(
		w,
		"NSD in one network namespace, dnsperf with EDNS and DO in another, a veth between them, a reader beside NSD; everybody has a turn\nin each of %d rounds, in another order each time. Medians, and the range of CPU.\n",
		o.rounds,
	)
	fmt.Fprintf(
		w, "%d CPUs (%s), Linux %s, %s, %s.\n", runtime.NumCPU(), cpuModel(),
		strings.TrimSpace(file("/proc/sys/kernel/osrelease")), runtime.Version(), firstLine("tcpdump", "--version"),
	)
	fmt.Fprintf(w, "Load average %s before and %s after.\n", before, after)
	r.printTurns(w, fmt.Sprintf("%d queries a second", o.rate), r.steady)
	r.printTurns(w, "as many queries as are answered", r.full)
	fmt.Fprint(
		w,
		"\nCPU: user and system time of the process, its threads included, for each packet that passed (a query or its response).\nlost: what passed and is not in the reader's own count; drops: those of them that its ring had no room for, as the kernel counts.\n\n",
	)
	r.goals(w)
}

func (r *results) printTurns(w io.Writer, title string, all [][]turn) {
	const row = "%-26s %9s %17s %12s %10s %10s\n"
	if len(slices.Concat(all...)) == 0 {
		return
	}
	fmt.Fprintf(w, "\n"+row, title, "CPU ns", "range", "answers/s", "lost %", "drops %")
	for i, turns := range all {
		if len(turns) == 0 {
			continue
		}
		cpu, span, lost, drops := "-", "-", "-", "-"
		if r.names[i] != nobody {
			cpu = fmt.Sprintf("%.0f", median(turns, turn.each))
			span = fmt.Sprintf("%.0f to %.0f", extreme(turns, -1), extreme(turns, 1))
		}
		if turns[0].known {
			lost = fmt.Sprintf("%.4f", 100*median(turns, turn.lost))
			drops = fmt.Sprintf("%.4f", 100*median(turns, turn.dropped))
		}
		fmt.Fprintf(w, row, r.names[i], cpu, span, fmt.Sprintf("%.0f", median(turns, turn.answers)), lost, drops)
	}
}

func (t turn) answers() float64 { return t.load.perSecond }
func (t turn) dropped() float64 { return float64(t.drops) / float64(max(1, t.load.packets())) }

// extreme is the least or the most that a turn cost.
func extreme(turns []turn, sign float64) float64 {
	most := sign * turns[0].each()
	for _, t := range turns {
		most = max(most, sign*t.each())
	}
	return sign * most
}

func (r *results) goals(w io.Writer) {
	fmt.Fprintln(w, "Goals")
	for _, at := range []struct {
		name  string
		turns [][]turn
	}{{"steady", r.steady}, {"full", r.full}} {
		for _, us := range []string{alone, exporter} {
			ours := r.of(at.turns, us)
			for i, name := range r.names {
				if name != nobody && name != alone && name != exporter && len(ours) > 0 {
					goal(w, fmt.Sprintf("CPU of %s / %s, %s", us, name, at.name), median(ours, turn.each)/median(at.turns[i], turn.each), goalCPU, "%.2f")
				}
			}
		}
	}
	ours, without := r.of(r.full, exporter), r.of(r.full, nobody)
	if len(ours) == 0 || len(without) == 0 {
		return
	}
	goal(w, "answers that NSD gives less", 1-median(ours, turn.answers)/median(without, turn.answers), goalServer, "%.3f")
	var lost, passed, drops int
	for _, t := range ours {
		passed += t.load.packets()
		lost += t.load.packets() - t.packets
		drops += t.drops
	}
	// dnsperf does not count answers that come after its end, so that more may be seen than it knows of.
	goal(w, "packets not counted, all rounds at full rate", max(0, float64(lost))/float64(max(1, passed)), goalLoss, "%.6f")
	goal(w, "packets dropped by the kernel, the same", float64(drops)/float64(max(1, passed)), goalLoss, "%.6f")
	fmt.Fprintf(w, "  (of %d packets %d not counted, %d dropped)\n", passed, lost, drops)
}

// of are the turns of a reader; none if it took no part.
func (r *results) of(all [][]turn, name string) []turn {
	if i := slices.Index(r.names, name); i >= 0 {
		return all[i]
	}
	return nil
}

func goal(w io.Writer, name string, got, most float64, format string) {
	word := "met"
	if !(got <= most) {
		word = "NOT MET"
	}
	fmt.Fprintf(w, "  %-68s at most "+format+", is "+format+": %s\n", name, most, got, word)
}

func loadAverage() string {
	one, _, _ := strings.Cut(file("/proc/loadavg"), " ")
	return one
}

func cpuModel() string {
	_, model, _ := strings.Cut(file("/proc/cpuinfo"), "model name\t: ")
	model, _, _ = strings.Cut(model, "\n")
	return model
}

// firstLine returns the first line that a command prints, its version as a rule.
func firstLine(name string, args ...string) string {
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
