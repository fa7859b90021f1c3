package guard

import (
	"errors"
	"time"
)

const (
	// settle is longer than keepalived before 2.3.2 needs between its look at the pidfiles and its own pid in them.
	settle = time.Second
	// refusal is longer than a keepalived lives that finds its pidfile held.
	refusal = 500 * time.Millisecond
)

// Take is [Acquire] beside keepalived: it refuses while one would program the table, and looks again after one that was just
// starting would have shown itself. It takes a second.
func Take(o Options) (*Held, error) {
	all, err := Processes("/proc", "self")
	if err != nil {
		return nil, err
	}
	if err := rival(o); err != nil {
		return nil, err
	}
	o.Frozen = frozen(all, o)
	h, err := Acquire(o)
	if err != nil || o.PIDFile == "" {
		return h, err
	}
	time.Sleep(settle)
	if err := errors.Join(h.Check(), rival(o)); err != nil {
		h.Release()
		return nil, err
	}
	return h, nil
}

// Mine reports whether the table is still ours to write: [Held.Check], and no keepalived that stays. One that is started again
// and again, and refuses each time, is none.
func (h *Held) Mine() error {
	if err := h.Check(); err != nil {
		return err
	}
	if rival(h.o) == nil {
		return nil
	}
	time.Sleep(refusal)
	return rival(h.o)
}

func rival(o Options) error {
	if o.PIDFile == "" {
		return nil
	}
	all, err := Processes("/proc", "self")
	if err != nil {
		return err
	}
	if p := Rival(all, o.Config, o.PIDFile); p != nil {
		return errors.New(p.Why())
	}
	return nil
}

// frozen reports whether a stopped parent has our configuration or pidfile.
func frozen(all []Process, o Options) bool {
	for _, p := range all {
		if p.Stopped {
			p.Stopped = false
			if Rival([]Process{p}, o.Config, o.PIDFile) != nil {
				return true
			}
		}
	}
	return false
}
