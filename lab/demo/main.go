// Command demo shows in a lab what lvsdns does for a director with stock
// keepalived, or without one: bin/demo [quick|fallback]. It boots a guest and runs itself in it; outside
// stay a Prometheus and the ways to the pages.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	quick := len(args) == 1 && args[0] == "quick"
	without := len(args) == 1 && args[0] == "fallback"
	if len(args) > 0 && !quick && !without {
		fmt.Fprintf(
			os.Stderr,
			"demo: %q is not known; write quick for the demo that ends by itself, fallback for a director without keepalived, or nothing\n",
			args,
		)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if os.Getenv("LVSDNS_LAB") == "" {
		return outside(ctx, args)
	}
	logf := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	err := labtest.Run(ctx, logf, func(lab *labtest.Lab) {
		if without {
			alone(lab)
			return
		}
		s := draw(lab)
		s.observe(s.director.Keepalived(conf))
		if quick {
			s.report(s.play(2 * time.Second))
			return
		}
		t := s.play(5 * time.Second)
		s.report(t)
		s.stay(ctx, t)
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		return 1
	}
	return 0
}
