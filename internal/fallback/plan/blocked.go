package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/fallback/probe"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// Block is a reason to leave a virtual server exactly as the kernel has it: the configuration says something about it
// that may change what keepalived would do, and that is not supported.
type Block struct {
	Virtual *keepalived.VirtualServer
	Pos     keepalived.Pos // of what is not supported
	Text    string         // what it is, and how to mend it: one line without the place
	mend    string         // not in Text yet
}

// Name is the virtual server as its line in the configuration has it.
func (b Block) Name() string {
	switch v := b.Virtual; {
	case v.Group != "":
		return "virtual_server group " + v.Group
	case v.IsFWMark():
		return fmt.Sprintf("virtual_server fwmark %d", v.FWMark)
	default:
		return fmt.Sprintf("virtual_server %s %d", v.Addr, v.Port)
	}
}

// Options say how strictly a configuration is taken.
type Options struct {
	// SkipUnknown takes keywords that this program does not know as the keepalived of the configuration takes
	// them: it reports and skips them. For a keepalived whose keywords are known it is always so.
	SkipUnknown bool
}

// Blocks finds the virtual servers that stay as they are, each once, with all that is not supported. An error is for a configuration with which
// keepalived itself would not start.
func Blocks(c *keepalived.Config, o Options) ([]Block, error) {
	var list []Block
	skip := o.SkipUnknown || c.SkipsUnknown()
	for _, n := range c.Notes {
		switch {
		case n.Kind == keepalived.Fatal:
			text := n.Text
			if n.Mend != "" {
				text += ": " + n.Mend
			}
			return nil, fmt.Errorf("%s: keepalived does not start with this configuration: %s", n.Pos, text)
		case n.Kind == keepalived.Unknown && !skip && strings.HasPrefix(n.Block, "virtual_server"):
			list = append(list, about(c, n, unknownMend(c.Version))...)
		case n.Kind == keepalived.Unresolved && n.TouchesLVS():
			list = append(list, about(c, n, n.Mend)...)
		}
	}
	for i := range c.VirtualServers {
		list = append(list, unsupported(c, &c.VirtualServers[i])...)
	}
	return merged(list), nil
}

// unknownMend says why it is not certain that a keyword is skipped, and what makes it so.
func unknownMend(version string) string {
	if version == "" {
		return "that is not certain as long as keepalived's version is not known: correct the line, or say --keepalived-version"
	}
	return "that is not certain of keepalived " + version + ", whose keywords are not known here: correct the line, or say --skip-unknown-keywords if its log says the same"
}

// reasons is how many a virtual server is given at most. Whoever mends these finds the others then, or all of them by lvsdns drift.
const reasons = 3

// merged has each virtual server once. Its place is that of the first reason.
func merged(list []Block) []Block {
	var once []Block
	all := map[*keepalived.VirtualServer][]Block{}
	for _, b := range list {
		if len(all[b.Virtual]) == 0 {
			once = append(once, b)
		}
		if !slices.Contains(all[b.Virtual], b) { // such as one line of a sequence
			all[b.Virtual] = append(all[b.Virtual], b)
		}
	}
	for i := range once {
		once[i] = joined(all[once[i].Virtual])
	}
	return once
}

func joined(list []Block) Block {
	b := list[0]
	var mends []string
	for i, o := range list {
		if o.mend != "" && !slices.Contains(mends, o.mend) {
			mends = append(mends, o.mend)
		}
		if i > 0 && i < reasons {
			b.Text += fmt.Sprintf("; %s: %s", o.Pos, o.Text)
		}
	}
	if more := len(list) - reasons; more > 0 {
		b.Text += fmt.Sprintf("; and %d more", more)
	}
	if b.mend = ""; len(mends) > 0 {
		b.Text += ": " + strings.Join(mends, "; ")
	}
	return b
}

// unsupported is what this program cannot do, and what a check asks for that no probe can be made of.
func unsupported(c *keepalived.Config, v *keepalived.VirtualServer) []Block {
	var list []Block
	if nft := c.Global.NFTables; nft.IsSet() && v.Group != "" {
		list = append(list, Block{Virtual: v, Pos: nft.Pos, Text: "nftables_ipvs: keepalived itself marks the packets of groups, by rules that go with it; name marks of your own (fwmark) in the group"})
	}
	for i := range v.RealServers {
		r := &v.RealServers[i]
		for j := range r.Checkers {
			// Made as run makes them, but with scripts that are not looked at.
			_, err := probe.New(&health.Check{Virtual: v, Server: r, Config: &r.Checkers[j]}, probe.Options{Fork: true})
			var u *probe.Unsupported
			switch {
			case errors.As(err, &u):
				list = append(list, Block{Virtual: v, Pos: u.Pos, Text: u.Text})
			case err != nil:
				list = append(list, Block{Virtual: v, Pos: r.Checkers[j].Pos, Text: err.Error()})
			}
		}
	}
	return list
}

// BlockedServices are the kernel's services that no step may touch: one that several virtual servers share is blocked by each.
func BlockedServices(c *keepalived.Config, blocks []Block) map[ipvs.ServiceKey]bool {
	if len(blocks) == 0 {
		return nil
	}
	blocked := map[*keepalived.VirtualServer]bool{}
	for _, b := range blocks {
		blocked[b.Virtual] = true
	}
	keys := map[ipvs.ServiceKey]bool{}
	alone := *c
	for v := range blocked {
		alone.VirtualServers = []keepalived.VirtualServer{*v}
		for _, s := range alone.Table(keepalived.State{}) {
			keys[lvs.Service(s).ServiceKey] = true
		}
	}
	// nftables_ipvs numbers its groups in their order, so that a group alone would get another mark.
	for _, s := range c.Table(keepalived.State{}) {
		if blocked[s.Of] {
			keys[lvs.Service(s).ServiceKey] = true
		}
	}
	return keys
}
