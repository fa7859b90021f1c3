// Command flowbench measures what it costs to count the flows in a connection
// tracking table: processor time and memory of a pass and of lvsdns-exporter
// beside conntrack -L, and the latency of packets that go through the same
// processor meanwhile. It fills a table with flows that nobody has sent, in a
// network namespace of its own. `make bench` builds the programs and runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.IntVar(&o.entries, "n", 1_000_000, "entries of the table")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds")
	flag.DurationVar(&o.echo, "echo", 10*time.Second, "how long packets are measured in each round, with and without a pass")
	flag.StringVar(&o.exporter, "exporter", "bin/lvsdns-exporter", "the exporter")
	flag.StringVar(&o.pass, "pass", ".cache/bench/pass", "the program that makes one pass")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "flowbench:", err)
		os.Exit(1)
	}
}

type options struct {
	entries, rounds int
	echo            time.Duration
	exporter, pass  string
}

func run(ctx context.Context, o options) error {
	for _, path := range []*string{&o.exporter, &o.pass} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = absolute
	}
	restore, err := raiseLimit(o.entries + o.entries/10)
	if err != nil {
		return err
	}
	defer restore()
	path, err := newPath(ctx)
	if err != nil {
		return err
	}
	defer path.remove()

	before := loadAverage()
	var r results
	if err := r.measure(ctx, o, path); err != nil {
		return err
	}
	r.print(os.Stdout, o, before, loadAverage())
	return nil
}

// raiseLimit lets tables have more entries; there is one limit for the whole machine.
func raiseLimit(limit int) (restore func(), err error) {
	const name = "/proc/sys/net/netfilter/nf_conntrack_max"
	old, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("find the limit of entries: %w", err)
	}
	if err := os.WriteFile(name, []byte(fmt.Sprint(limit)), 0); err != nil {
		return nil, fmt.Errorf("raise the limit of entries: %w", err)
	}
	return func() { _ = os.WriteFile(name, old, 0) }, nil
}
