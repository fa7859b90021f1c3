package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// goal is the most that a hook may cost, as a multiple of a Go program that does nothing.
const goal = 1.5

func printTable(w io.Writer, list []contestant) {
	const row = "%-29s %9s %9s %9s %9s %14s\n"
	fmt.Fprintf(w, row, "", "CPU p50", "CPU p95", "wall p50", "memory", "lvsdns-notify")
	fmt.Fprintf(w, row, "", "ms", "ms", "ms", "KB", "costs")
	for _, c := range list {
		fmt.Fprintf(w, row, c.name, milliseconds(c.of(0.5, cpu)), milliseconds(c.of(0.95, cpu)), milliseconds(c.of(0.5, wall)),
			fmt.Sprint(c.of(1, memory)), fmt.Sprintf("%.2f times", ratio(list[0], c, cpu)))
	}
	fmt.Fprintf(w, "\nCPU: p50 and p95 of user and system time. memory: the most of any run.\n\nGoals, as a multiple of\n")
	for _, c := range list {
		if c.role == bareGo {
			printGoal(w, c.name+": CPU", ratio(list[0], c, cpu))
			printGoal(w, c.name+": memory", ratio(list[0], c, memory))
		}
	}
}

func printGoal(w io.Writer, name string, got float64) {
	word := "met"
	if got > goal {
		word = "NOT MET"
	}
	fmt.Fprintf(w, "  %-26s  at most %.2f, is %.2f: %s\n", name, goal, got, word)
}

// ratio compares medians.
func ratio(a, b contestant, value func(sample) int) float64 {
	return float64(a.of(0.5, value)) / float64(b.of(0.5, value))
}

func milliseconds(us int) string { return fmt.Sprintf("%.2f", float64(us)/1000) }

func printMachine(w io.Writer, n int, before, after string) {
	_, model, _ := strings.Cut(file("/proc/cpuinfo"), "model name\t: ")
	model, _, _ = strings.Cut(model, "\n")
	fmt.Fprintf(w, "make bench BENCHN=%d\n\n", n)
	fmt.Fprintf(w, "One event, noted in a journal of 64 events in memory; %d runs of each, in rounds of shuffled order.\n", n)
	fmt.Fprintf(w, "%d CPUs (%s), Linux %s, %s.\nLoad average %s before and %s after.\n\n", runtime.NumCPU(), model, strings.TrimSpace(file("/proc/sys/kernel/osrelease")),
		runtime.Version(), before, after)
}

func loadAverage() string {
	one, _, _ := strings.Cut(file("/proc/loadavg"), " ")
	return one
}

// file returns a file's text, "" where there is none: it describes the machine, no more.
func file(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}
