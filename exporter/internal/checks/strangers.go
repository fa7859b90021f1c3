package checks

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
)

// Learn takes the reports of those as whom the keepalived with this configuration runs scripts. One that cannot be read just now changes
// nothing: the checks go on.
func (c *Memory) Learn(root string, cfg *keepalived.Config) {
	if cfg == nil && c.users.learned() {
		return
	}
	if cfg == nil {
		cfg = &keepalived.Config{}
	}
	c.users.runScripts(site.Keepalived{Root: root}.ScriptUsers(cfg))
}

// Trusts reports whether the reports of a user are taken.
func (c *Memory) Trusts(user uint32) bool { return c.users.trusts(user) }

// WatchStrangers looks every so often whether those who were turned away are keepalived's script users by now, which learn finds out, and
// says once of each who is not that its reports are not taken.
func (c *Memory) WatchStrangers(ctx context.Context, every time.Duration, learn func(context.Context), log *slog.Logger) {
	said := map[uint32]bool{}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		all := c.users.turnedAway()
		if len(all) == 0 {
			continue
		}
		learn(ctx)
		for _, user := range slices.Sorted(maps.Keys(all)) {
			if !c.users.trusts(user) && !said[user] && len(said) < maxStrangers {
				said[user] = true
				log.Warn("reports of checks are not taken: their user is neither root nor one as whom keepalived runs scripts; checks.users may name it",
					"user", user, "reports", all[user])
			}
		}
	}
}
