package source

import (
	"log/slog"
	"maps"
	"sync"
)

// Changes logs a source when it goes down, comes up, or has another trouble than before: not at each scrape.
type Changes struct {
	log *slog.Logger

	mu   sync.Mutex
	last map[string]Failure
}

// NewChanges makes one that has said nothing yet.
func NewChanges(log *slog.Logger) *Changes { return &Changes{log: log, last: map[string]Failure{}} }

// Follow takes over what those before have said of each source.
func (c *Changes) Follow(before *Changes) {
	before.mu.Lock()
	last := maps.Clone(before.last)
	before.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = last
}

// Note looks how the sources have done, and says what is new.
func (c *Changes) Note(states []State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range states {
		last, known := c.last[s.Name]
		if known && last == s.Failure || !known && s.Up {
			c.last[s.Name] = s.Failure
			continue
		}
		c.last[s.Name] = s.Failure
		if s.Up {
			c.log.Info("source is up again", "source", s.Name)
		} else {
			c.log.Warn("source is down", "source", s.Name, "reason", s.Failure, "error", s.Error)
		}
	}
}
