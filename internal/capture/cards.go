package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// card is a link that is listened on.
type card struct {
	Link
	ring    *ring // nil: not open
	sums    LinkReport
	drained int // octets that were read since the last pause
}

// scan opens cards that are new and closes those that are gone.
func (c *Capture) scan() {
	all, err := c.config.Links()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.fail(err)
		return
	}
	var failures []error
	chosen := Choose(all, c.config.Interfaces)
	for _, name := range c.config.Interfaces {
		if !slices.ContainsFunc(chosen, func(l Link) bool { return l.Name == name }) {
			failures = append(failures, fmt.Errorf("listen on %s: %w", name, fs.ErrNotExist))
		}
	}
	var cards []*card
	for _, l := range chosen {
		d := c.known(l)
		d.Link = l
		if d.ring == nil {
			if err := c.open(d); err != nil {
				failures = append(failures, fmt.Errorf("listen on %s: %w", l.Name, err))
			}
		}
		cards = append(cards, d)
	}
	for _, d := range c.cards {
		if !slices.Contains(cards, d) && d.ring != nil {
			d.ring.close()
			c.config.Log.Info("no longer listening for DNS", "interface", d.Name)
		}
	}
	c.cards = cards
	c.fail(errors.Join(failures...))
}

// fail notes what is wrong now, and logs it when it is news.
func (c *Capture) fail(err error) {
	if err != nil && (c.failure == nil || c.failure.Error() != err.Error()) {
		c.config.Log.Error("not listening for DNS everywhere", "error", err)
	}
	c.failure = err
}

// known is the card that has the link, or a new one. One that comes again under its name has another index.
func (c *Capture) known(l Link) *card {
	for _, d := range c.cards {
		if d.Index == l.Index && d.Name == l.Name {
			return d
		}
	}
	return &card{}
}

func (c *Capture) open(d *card) error {
	framing, ok := d.framing()
	if !ok {
		return fmt.Errorf("its packets begin with a header of type %d, which is not known: %w", d.Type, errors.ErrUnsupported)
	}
	code, err := Filter(c.view, framing, c.counter.Shift())
	if err != nil {
		return err
	}
	if d.ring, err = openRing(d.Index, framing, c.config.Blocks, c.config.BlockSize, code); err != nil {
		return err
	}
	c.config.Log.Info("listening for DNS", "interface", d.Name, "role", c.view.Role, "virtual_servers", len(c.view.Services))
	return nil
}

// collect asks the kernel for what the rings have had. It forgets what it has told, so this is the only place that asks.
func (c *Capture) collect() {
	for _, d := range c.cards {
		if d.ring == nil {
			continue
		}
		s, err := d.ring.stats()
		if err != nil {
			c.fail(err)
			continue
		}
		d.sums.Packets, d.sums.Drops, d.sums.Freezes = d.sums.Packets+s.packets, d.sums.Drops+s.drops, d.sums.Freezes+s.freezes
		c.fresh.packets, c.fresh.drops = c.fresh.packets+s.packets, c.fresh.drops+s.drops
	}
}

// shut closes all rings.
func (c *Capture) shut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.cards {
		if d.ring != nil {
			d.ring.close()
			d.ring = nil
		}
	}
}
