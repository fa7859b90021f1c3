package daemon

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a program, and ends the process with the status that it returns. Its context ends at SIGINT and SIGTERM.
func Main(run func(context.Context) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx)
	stop()
	os.Exit(status)
}

// Hangups passes SIGHUP on until the context ends. From this call on it no longer ends the process: one that comes before somebody
// listens waits.
func Hangups(ctx context.Context) <-chan struct{} {
	signals, hangup := make(chan os.Signal, 1), make(chan struct{})
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
			case hangup <- struct{}{}:
			}
		}
	}()
	return hangup
}
