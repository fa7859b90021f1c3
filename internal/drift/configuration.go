package drift

import (
	"fmt"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// configuration passes on what keepalived makes of its own configuration.
func (c *comparison) configuration() {
	told := map[keepalived.Pos]bool{}
	for _, d := range c.found {
		told[d.Pos] = told[d.Pos] || d.Kind == ArgumentsDropped
	}
	for _, n := range c.Config.Notes {
		kind := kindOf(n)
		if kind != ConfigFatal && kind != ConfigLost && !n.TouchesLVS() || n.Kind == keepalived.Trap && told[n.Pos] {
			continue
		}
		text := n.Text
		if n.Lost != "" {
			text = fmt.Sprintf("%q is lost as a whole: %s", n.Lost, text)
		}
		if n.Block != "" {
			text += " (in " + n.Block + ")"
		}
		c.add(Difference{Kind: kind, Pos: n.Pos, Text: n.Pos.String() + ": " + text, Mend: mendLine(n)})
	}
}

func kindOf(n keepalived.Note) Kind {
	switch {
	case n.Kind == keepalived.Fatal:
		return ConfigFatal
	case n.Lost != "":
		return ConfigLost
	case n.Kind == keepalived.Adjusted:
		return ConfigAdjusted
	default:
		return ConfigIgnored
	}
}
