package drift

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// A block that keepalived leaves out runs until the next reload, which ends it. So as long as one is lost, or keepalived does not take
// the configuration at all, no advice may send anybody to a reload first.

// broken is the first line of the configuration that a reload would be bad with, and what would follow.
func (c *comparison) broken() (n keepalived.Note, follows string) {
	for _, m := range c.Config.Notes {
		switch {
		case m.Kind == keepalived.Fatal:
			return m, "keepalived does not start with it"
		// A malformed sequence takes others along, and with them blocks that stand before it.
		case m.Lost != "" && (n.Lost == "" || isSequence(m) && !isSequence(n)):
			n, follows = m, "what is lost there may still run, and a reload ends it"
		}
	}
	return n, follows
}

func isSequence(n keepalived.Note) bool { return strings.HasPrefix(n.Lost, "~") }

// reloadsHurt puts that line before every advice to reload or restart keepalived.
func (c *comparison) reloadsHurt() {
	n, follows := c.broken()
	if follows == "" {
		return
	}
	for i := range c.found {
		d := &c.found[i]
		if d.Kind.ofConfiguration() || d.Mend == mendLine(n) || !strings.Contains(d.Mend, "reload keepalived") && !strings.Contains(d.Mend, "restart keepalived") {
			continue
		}
		d.Mend = fmt.Sprintf("first correct %s: %s; then %s", n.Pos, follows, d.Mend)
	}
}

// mendLine is how to mend a line of the configuration. A few need more than a reload, and say so.
func mendLine(n keepalived.Note) string {
	if strings.HasSuffix(n.Mend, "restart keepalived") {
		return n.Mend
	}
	return cmp.Or(n.Mend, "correct the line") + ", then reload keepalived"
}

func (k Kind) ofConfiguration() bool {
	switch k {
	case ConfigFatal, ConfigLost, ConfigIgnored, ConfigAdjusted:
		return true
	default:
		return false
	}
}

// ifLost is how to remove what is not in the configuration: not before what is lost there is found.
func (c *comparison) ifLost(remove string) string {
	for _, n := range c.Config.Notes {
		if n.Lost != "" {
			return fmt.Sprintf("first correct %s: this may be what is lost there. If it is not, %s", n.Pos, remove)
		}
	}
	return remove
}

// emptyDump tells what a state dump without a virtual server is.
func (c *comparison) emptyDump() {
	for _, n := range c.Belief.Notes {
		c.add(Difference{Kind: BeliefUnread, Text: "keepalived's state dump: " + n.Text, Mend: "ask keepalived again; if it stays so, look whether the file system that keepalived writes to is full"})
	}
	if want := len(c.Config.VirtualServers); len(c.Belief.Notes) == 0 && want > 0 {
		c.add(Difference{
			Kind: NotReloaded, Mend: reloadKeepalived,
			Text: fmt.Sprintf("keepalived runs without a single virtual server, and the configuration has %d: it has read another one, or none of it was left", want),
		})
	}
}
