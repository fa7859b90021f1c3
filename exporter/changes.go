package exporter

import (
	"log/slog"
	"maps"
	"sync"
)

// changes logs a source when it goes down, comes up, or has another trouble than before: not at each scrape.
type changes struct {
	log *slog.Logger

	mu   sync.Mutex
	last map[string]Failure
}

// newChanges makes one that has said nothing yet.
func newChanges(log *slog.Logger) *changes { return &changes{log: log, last: map[string]Failure{}} }

// follow takes over what those before have said of each source.
func (c *changes) follow(before *changes) {
	before.mu.Lock()
	last := maps.Clone(before.last)
	before.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = last
}

// note looks how the sources have done, and says what is new.
func (c *changes) note(states []SourceState) {
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
