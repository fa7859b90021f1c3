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
	Entries int              // at most; 0: no bound
	Time    time.Duration    // begin no further page after this; 0: no bound
	Now     func() time.Time // nil: time.Now
}

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
	var s Scan
	began := budget.Now()
	err := p.read("ip_vs_conn", func(r io.Reader) error {
		bounded := reader(func(b []byte) (int, error) {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if budget.Time > 0 && budget.Now().Sub(began) >= budget.Time {
				return 0, errBudget
			}
			return r.Read(b)
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

var errBudget = errors.New("the budget is used up")

type reader func([]byte) (int, error)

func (f reader) Read(b []byte) (int, error) { return f(b) }
