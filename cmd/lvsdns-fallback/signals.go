package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/lvsdns/lvsdns/internal/systemd"
)

// hangups passes SIGHUP on until ctx ends.
func hangups(ctx context.Context) <-chan struct{} {
	signals, reload := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
			}
			select {
			case <-ctx.Done():
				return
			case reload <- struct{}{}:
			}
		}
	}()
	return reload
}

// tell sends systemd a word, if it listens; that it does not hear is for systemd to notice.
func tell(word string) { _ = systemd.New(os.Getenv).Say(word) }
