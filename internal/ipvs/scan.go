package ipvs

import (
	"context"
	"errors"
	"io"
	"time"
)

// Budget bounds one reading of the connection table.
//
// Up to Linux 6.13 the kernel finds its place in the table again by counting from the beginning, each time that a page of the file is
// full (ip_vs_conn_seq_start): the time to read n entries grows with n². So it is what is read that costs, not the size of
// the table, and a table of any size can be begun.
type Budget struct {
	Entries int           // at most; 0: no bound
	Time    time.Duration // begin no further page after so much time of reading; 0: no bound

	// Rest spreads the reading: after some milliseconds of it, pause for so many times as long.
	Rest int

	Now   func() time.Time                           // nil: time.Now
	Pause func(context.Context, time.Duration) error // nil: waits
}

// slice is after how much reading there is a rest. One page can take longer than that.
const slice = 5 * time.Millisecond

// Scan is one reading of the connection table.
type Scan struct {
	Tally

	// Complete says that it was read to its end. Otherwise it is the beginning of it. The kernel orders entries by a hash of the
	// client's address and port with a secret, so the beginning is a sample of clients, and the same clients each time.
	Complete bool
}

// ScanConnections counts the entries of the connection table until its end or until the budget is used up, which is no error.
// What changes meanwhile may be counted twice or not at all: the kernel takes no snapshot.
func (p Proc) ScanConnections(ctx context.Context, budget Budget) (Scan, error) {
	if budget.Now == nil {
		budget.Now = time.Now
	}
	if budget.Pause == nil {
		budget.Pause = pause
	}
	var s Scan
	err := p.read("ip_vs_conn", func(r io.Reader) error {
		var spent, atOnce time.Duration
		bounded := reader(func(b []byte) (int, error) {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if budget.Time > 0 && spent >= budget.Time {
				return 0, errBudget
			}
			if budget.Rest > 0 && atOnce >= slice {
				if err := budget.Pause(ctx, time.Duration(budget.Rest)*atOnce); err != nil {
					return 0, err
				}
				atOnce = 0
			}
			began := budget.Now()
			n, err := r.Read(b)
			took := budget.Now().Sub(began)
			spent, atOnce = spent+took, atOnce+took
			return n, err
		})
		return ParseConnections(bounded, func(c Connection) error {
			if budget.Entries > 0 && s.Entries >= budget.Entries {
				return errBudget
			}
			s.Add(c)
			return nil
		})
	})
	if errors.Is(err, errBudget) {
		return s, nil
	}
	s.Complete = err == nil
	return s, err
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

var errBudget = errors.New("the budget is used up")

type reader func([]byte) (int, error)

func (f reader) Read(b []byte) (int, error) { return f(b) }
