package guard

import (
	"context"
	"fmt"
	"time"
)

// backOff is longer than keepalived's parent waits before it starts a checker process again, a minute at most
// (calc_restart_delay in scheduler.c).
const backOff = 65 * time.Second

// Absence measures how long nobody has been there. The zero Absence has seen nothing.
type Absence struct{ since time.Time }

// See takes one look, and reports whether nobody was there for longer than keepalived may be away on its own account.
func (a *Absence) See(now time.Time, there bool) bool {
	switch {
	case there:
		a.since = time.Time{}
	case a.since.IsZero():
		a.since = now
	default:
		return now.Sub(a.since) >= backOff
	}
	return false
}

// Await waits until no keepalived has programmed the table for so long that none will by itself, and then takes it. The death of a
// checker process whose parent lives is no reason: the parent starts another.
func Await(ctx context.Context, o Options, waiting func(why string)) (*Held, error) {
	var a Absence
	said := ""
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		err := rival(o)
		if a.See(time.Now(), err != nil) {
			h, err := Take(o)
			if err == nil {
				return h, nil
			}
			a = Absence{}
			said = "" // why it is not to be had is worth a line each time
			waiting(err.Error())
		}
		why := "no keepalived programs the table"
		if err != nil {
			why = err.Error()
		}
		if why != said {
			said = why
			waiting(why)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for keepalived to be away: %w", context.Cause(ctx))
		case <-look.C:
		}
	}
}
