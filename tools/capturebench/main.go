// Command capturebench measures what it costs to count DNS traffic from packets. A real name server answers dnsperf over a
// cable between two network namespaces, while beside it nobody listens, or lvsdns-exporter, or its capture alone, or one of the
// rivals: tcpdump, dnstop, a program made of gopacket. It compares processor time for each packet, what the name server still answers, and
// what is lost. `make bench` builds the programs and runs it.
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
	flag.IntVar(&o.rounds, "rounds", 7, "rounds, in each of which everybody has a turn")
	flag.DurationVar(&o.span, "span", 5*time.Second, "how long dnsperf asks in each turn")
	flag.IntVar(&o.rate, "rate", 15000, "queries a second of the rounds at a steady rate")
	flag.BoolVar(&o.steady, "steady", true, "measure at a steady rate")
	flag.BoolVar(&o.full, "full", true, "measure with as many queries as are answered")
	flag.StringVar(&o.only, "only", ".", "a regular expression: the readers that take part")
	flag.StringVar(&o.capture, "capture", ".cache/bench/ours", "the exporter's capture alone")
	flag.StringVar(&o.exporter, "exporter", "bin/lvsdns-exporter", "the exporter")
	flag.StringVar(&o.gopacket, "gopacket", ".cache/bench/gopacket", "the reader made of gopacket")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "capturebench:", err)
		os.Exit(1)
	}
}

type options struct {
	rounds, rate                int
	span                        time.Duration
	steady, full                bool
	only                        string
	capture, exporter, gopacket string
}

func run(ctx context.Context, o options) error {
	for _, path := range []*string{&o.capture, &o.exporter, &o.gopacket} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = absolute
	}
	dir, err := os.MkdirTemp("", "capturebench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c, err := newCable(ctx)
	if err != nil {
		return err
	}
	defer c.remove()
	server, err := startNSD(c, dir)
	if err != nil {
		return err
	}
	defer server.stop()
	load, err := newLoad(dir)
	if err != nil {
		return err
	}
	before := loadAverage()
	var r results
	if err := r.measure(ctx, o, c, load); err != nil {
		return err
	}
	r.print(os.Stdout, o, before, loadAverage())
	return nil
}
