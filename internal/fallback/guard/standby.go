package guard

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// LookEvery is how often one that stands by looks at keepalived.
const LookEvery = time.Second

// Standby is how to wait.
type Standby struct {
	Every   time.Duration        // see [Trigger]
	Freeze  bool                 // whether a parent that lives may be frozen
	Waiting func(why string)     // is told what is waited for, whenever that changes
	Acting  func(c Cause, n int) // is told why the table is taken over, and which parent is frozen for that; 0: none
	Alive   func()               // is called after each look
}

// Await waits until keepalived will not program the table by itself, and then takes it. The death of a checker process whose parent
// lives is no reason: the parent starts another.
func Await(ctx context.Context, o Options, s Standby) (*Held, error) {
	t := Trigger{Every: s.Every}
	said := ""
	say := func(why string) {
		if why != said {
			said = why
			s.Waiting(why)
		}
	}
	look := time.NewTicker(LookEvery)
	defer look.Stop()
	resume := Abandoned(o)
	for {
		l, err := o.Look()
		if err != nil {
			return nil, err
		}
		cause := t.See(time.Now(), l)
		if resume && l.Parent == 0 {
			cause = Away // who held it was killed: nobody else has had the table since
		}
		resume = false
		h, err := o.act(cause, l, s)
		switch {
		case h != nil:
			return h, nil
		case err != nil:
			t.Reset()
			say(err.Error())
		default:
			say(l.Explain())
		}
		s.Alive()
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for keepalived to be away: %w", context.Cause(ctx))
		case <-look.C:
		}
	}
}

// act takes the table if there is a cause; without one it does nothing.
func (o Options) act(c Cause, l Look, s Standby) (*Held, error) {
	switch {
	case c == None:
		return nil, nil
	case l.Parent == 0:
		s.Acting(c, 0)
		return Take(o)
	case !s.Freeze:
		return nil, fmt.Errorf("%s, and its parent (pid %d) lives: freeze that (kill -STOP %[2]d) and end the checker process (kill -KILL), or set freeze-keepalived", c, l.Parent)
	}
	s.Acting(c, l.Parent)
	if err := freeze(l.Parent, o); err != nil {
		return nil, err
	}
	h, err := Take(o)
	if err != nil {
		return nil, errors.Join(err, thaw(l.Parent))
	}
	h.frozen = family(l.Parent)
	return h, nil
}
