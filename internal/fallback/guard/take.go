package guard

import (
	"errors"
	"fmt"
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
	o.Frozen = len(frozen(all, o)) > 0
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
	if child := h.frozen.bereft(); child != 0 {
		parent := h.frozen.parent
		h.frozen = clan{}
		return errors.Join(fmt.Errorf("keepalived's process %d has ended; its parent (pid %d) was frozen by us and goes on now, to start it again, and its checker process too", child, parent), thaw(parent))
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

// frozen lists the stopped parents with our configuration or pidfile.
func frozen(all []Process, o Options) (pids []int) {
	for _, p := range all {
		if p.Stopped {
			p.Stopped = false
			if Rival([]Process{p}, o.Config, o.PIDFile) != nil {
				pids = append(pids, p.PID)
			}
		}
	}
	return pids
}
