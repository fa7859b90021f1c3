// Command checkbench measures what one DNS check costs: CPU time and peak memory of lvsdns-check
// beside its rivals, against a real NSD on loopback. `make bench` builds the programs and runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
)

func main() {
	n := flag.Int("n", 300, "runs of each program")
	programs := flag.String("programs", "bin", "folder of lvsdns-check")
	rivals := flag.String("rivals", ".cache/bench", "folder of the programs beside it")
	scripts := flag.String("scripts", "tools/checkbench/testdata", "folder of the scripts beside it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *n, *programs, *rivals, *scripts); err != nil {
		fmt.Fprintln(os.Stderr, "checkbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n int, programs, rivals, scripts string) error {
	if n < 1 {
		return fmt.Errorf("-n %d measures nothing; use 1 or more", n)
	}
	dir, err := os.MkdirTemp("", "checkbench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := startNSD(ctx, dir, filepath.Join(rivals, "bare-net"))
	if err != nil {
		return err
	}
	defer server.stop()

	stopwatch, list := filepath.Join(rivals, "timed"), contestants(server, programs, rivals, scripts)
	began := loadAverage()
	// In rounds, so that all meet the same machine, and each round in another order, because who
	// runs after dig finds the CPU's caches cold. The first round warms the page cache.
	for round := range n + 1 {
		for _, i := range rand.Perm(len(list)) {
			s, err := measure(ctx, stopwatch, list[i].command)
			if err != nil {
				return err
			}
			if round > 0 {
				list[i].samples = append(list[i].samples, s)
			}
		}
	}
	printMachine(os.Stdout, n, began, loadAverage())
	printTable(os.Stdout, list)
	return nil
}

// contestants returns who is measured. The first is the one that all are compared with.
func contestants(s *nsd, programs, rivals, scripts string) []contestant {
	check := []string{filepath.Join(programs, "lvsdns-check"), "--name", "example.com"}
	return []contestant{
		{name: "lvsdns-check", command: append(slices.Clone(check), s.dns.String())},
		{name: "lvsdns-check --transport both", command: append(slices.Clone(check), "--transport", "both", s.dns.String())},
		{name: "lvsdns-check --transport tls", command: append(slices.Clone(check), "--transport", "tls", "--tls-insecure", s.tls.String())},
		{
			name: `bash: [ -n "$(dig ...)" ]`, role: script,
			command: []string{"/bin/bash", filepath.Join(scripts, "script-output"), s.dns.Addr().String(), port(s.dns)},
		},
		{
			name: "bash: dig ...; exit $?", role: script,
			command: []string{"/bin/bash", filepath.Join(scripts, "script-status"), s.dns.Addr().String(), port(s.dns)},
		},
		{
			name:    "dig alone",
			command: []string{"/usr/bin/dig", "+short", "+time=1", "+tries=1", "-p", port(s.dns), "@" + s.dns.Addr().String(), "example.com", "SOA"},
		},
		{name: "Go, same DNS library, one query", role: bareGo, command: []string{filepath.Join(rivals, "bare-miekg"), s.dns.String()}},
		{name: "Go, package net, one query", command: []string{filepath.Join(rivals, "bare-net"), s.dns.String()}},
		{name: "C, static, does nothing", command: []string{filepath.Join(rivals, "nothing")}},
	}
}
