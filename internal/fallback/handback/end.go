package handback

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
)

// End ends the lvsdns-fallback that holds the lock, and waits until nobody does.
func End(ctx context.Context, lock string) error {
	pid, err := guard.Holder(lock)
	if err != nil || pid <= 1 {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		return fmt.Errorf("tell lvsdns-fallback (pid %d) to end: %w", pid, err)
	}
	for {
		if still, err := guard.Holder(lock); err != nil || still == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("lvsdns-fallback (pid %d) still runs: %w", pid, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
