package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// The goals: CPU time of lvsdns-check as a share of another's.
const (
	goalScript = 0.20
	goalBareGo = 1.25
)

func printTable(w io.Writer, list []contestant) {
	const row = "%-33s %9s %9s %9s %9s %13s\n"
	fmt.Fprintf(w, row, "", "CPU p50", "CPU p95", "wall p50", "memory", "lvsdns-check")
	fmt.Fprintf(w, row, "", "ms", "ms", "ms", "KB", "costs")
	for _, c := range list {
		fmt.Fprintf(w, row, c.name, milliseconds(c.cpu(0.5)), milliseconds(c.cpu(0.95)), milliseconds(c.wall(0.5)),
			fmt.Sprint(c.memory()), fmt.Sprintf("%.2f times", ratio(list[0], c)))
	}
	fmt.Fprintf(
		w,
		"\nCPU: p50 and p95 of user and system time of the process and its children. memory: the most of any run.\n\nGoals, as a share of the CPU of\n",
	)
	for _, c := range list {
		switch c.role {
		case script:
			printGoal(w, c.name, ratio(list[0], c), goalScript)
		case bareGo:
			printGoal(w, c.name, ratio(list[0], c), goalBareGo)
		case other:
		}
	}
}

func printGoal(w io.Writer, name string, got, goal float64) {
	word := "met"
	if got > goal {
		word = "NOT MET"
	}
	fmt.Fprintf(w, "  %-31s  at most %.2f, is %.2f: %s\n", name, goal, got, word)
}

// ratio compares medians: a mean would tell of the neighbours on a busy machine.
func ratio(a, b contestant) float64 { return float64(a.cpu(0.5)) / float64(b.cpu(0.5)) }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }

func printMachine(w io.Writer, n int, before, after string) {
	fmt.Fprintf(w, "make bench BENCHN=%d\n\n", n)
	fmt.Fprintf(w, "One check of example.com SOA on a NSD at 127.0.0.1; %d runs of each, in rounds of shuffled order.\n", n)
	fmt.Fprintf(w, "%d CPUs (%s), Linux %s, %s, %s.\n", runtime.NumCPU(), cpuModel(), strings.TrimSpace(file("/proc/sys/kernel/osrelease")),
		runtime.Version(), firstLine("dig", "-v"))
	fmt.Fprintf(w, "Load average %s before and %s after.\n\n", before, after)
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
