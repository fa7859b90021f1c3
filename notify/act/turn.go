package act

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/lvsdns/lvsdns/notify/journal"
)

// The locks of those who act. One has the turn; one more waits for it and will see all that is in the journal by
// then; everybody else can go.
const (
	turnLock = "notify-turn.lock"
	nextLock = "notify-next.lock"
)

// patience is how long to wait for the turn: whoever has it ends its own actions by their deadlines. Then, and when whoever has it
// does not say that it is at work, we act as well: what was seen last is done, whatever somebody keeps locked.
const (
	patience = 6 * time.Minute
	reserve  = time.Minute
)

// queue waits for the turn. other: somebody else waits for it already, and says so. With an error we act without the turn.
func (w *Worker) queue(ctx context.Context) (other bool, err error) {
	next, err := w.Journal.TryLock(nextLock)
	if next == nil && err == nil {
		dir, _ := w.Journal.Locks()
		if journal.Believe(dir, nextLock) {
			return true, nil
		}
		err = fmt.Errorf("%s: %w", filepath.Join(dir, nextLock), journal.ErrUnbelieved)
	}
	if next != nil {
		next.Promise(patience + reserve)
		defer next.Release()
	}
	return false, errors.Join(err, w.takeTurn(ctx))
}

// takeTurn waits for the turn. With an error we act without it.
func (w *Worker) takeTurn(ctx context.Context) (err error) {
	if w.turn, err = w.Journal.WaitLock(ctx, turnLock, patience); err != nil {
		return fmt.Errorf("acting beside somebody else: %w", err)
	}
	w.work()
	return nil
}

// work says that whoever has the turn is at work.
func (w *Worker) work() {
	if now := time.Now(); w.turn != nil && now.Sub(w.promised) > time.Second {
		w.turn.Promise(reserve)
		w.promised = now
	}
}

func (w *Worker) endTurn() {
	if w.turn != nil {
		w.turn.Release()
		w.turn = nil
	}
}
