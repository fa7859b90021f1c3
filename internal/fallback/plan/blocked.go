package plan

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Block is a reason to leave a virtual server exactly as the kernel has it: the configuration says something about it
// that may change what keepalived would do, and that is not supported.
type Block struct {
	Virtual *keepalived.VirtualServer
	Pos     keepalived.Pos // of what is not supported
	Text    string         // what it is, and how to mend it: one line without the place
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
	// them: it reports and skips them. Right only for a keepalived that is not newer than this program knows.
	SkipUnknown bool
}

// Blocks finds what is not supported. An error is for a configuration with which keepalived itself would not start.
func Blocks(c *keepalived.Config, o Options) ([]Block, error) {
	var list []Block
	for _, n := range c.Notes {
		switch {
		case n.Kind == keepalived.Fatal:
			return nil, fmt.Errorf("%s: keepalived does not start with this configuration: %s", n.Pos, n.Text)
		case n.Kind == keepalived.Unknown && !o.SkipUnknown && strings.HasPrefix(n.Block, "virtual_server"):
			list = append(list, about(c, n, "correct it, or say --skip-unknown-keywords if keepalived skips it too")...)
		case n.Kind == keepalived.Unresolved && n.TouchesLVS():
			list = append(list, about(c, n, "write the value itself")...)
		}
	}
	for i := range c.VirtualServers {
		list = append(list, unsupported(c, &c.VirtualServers[i])...)
	}
	return list, nil
}

// unsupported are the keywords whose work this program cannot do.
func unsupported(c *keepalived.Config, v *keepalived.VirtualServer) []Block {
	var list []Block
	if nft := c.Global.NFTables; nft.IsSet() && v.Group != "" {
		list = append(list, Block{v, nft.Pos, "nftables_ipvs: keepalived itself marks the packets of groups, by rules that go with it; name marks of your own (fwmark) in the group"})
	}
	for i := range v.RealServers {
		for _, k := range v.RealServers[i].Checkers {
			if k.Kind == keepalived.BFDCheck {
				list = append(list, Block{v, k.Pos, "BFD_CHECK: the BFD session belongs to keepalived; use another check"})
			}
			if k.HTTP == nil {
				continue
			}
			for _, u := range k.HTTP.URLs {
				if _, err := regexp.Compile(u.Regex.V); err != nil {
					list = append(list, Block{v, u.Regex.Pos, fmt.Sprintf("regex: only what RE2 knows is supported: %v; write it without", err)})
				}
				for _, s := range u.Other {
					list = append(list, Block{v, s.Pos, s.Words[0] + ": this option of a regex is not supported; write the regex without it"})
				}
			}
		}
	}
	return list
}

// about finds the virtual servers that a note is about: that in whose lines it stands, else all of the same name,
// and if there is none, as in an include or in the settings for all, every one.
func about(c *keepalived.Config, n keepalived.Note, mend string) []Block {
	var named, within []Block
	start := 0
	for i := range c.VirtualServers {
		v := &c.VirtualServers[i]
		b := Block{v, n.Pos, n.Text + ": " + mend}
		first, _, _ := strings.Cut(n.Block, " / ")
		group, isGroup := strings.CutPrefix(first, "virtual_server_group ")
		switch {
		case isGroup && v.Group != group, !isGroup && n.Block != "" && !strings.HasPrefix(first, "global_defs") && first != b.Name():
			continue
		case !isGroup && v.Pos.File == n.Pos.File && v.Pos.Line <= n.Pos.Line && v.Pos.Line >= start:
			if v.Pos.Line > start {
				start, within = v.Pos.Line, nil
			}
			within = append(within, b)
		}
		named = append(named, b)
	}
	switch {
	case strings.HasPrefix(n.Block, "virtual_server ") && len(within) > 0:
		return within
	case len(named) > 0:
		return named
	}
	for i := range c.VirtualServers {
		named = append(named, Block{&c.VirtualServers[i], n.Pos, n.Text + ": " + mend})
	}
	return named
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
			keys[drift.Service(s).ServiceKey] = true
		}
	}
	// nftables_ipvs numbers its groups in their order, so that a group alone would get another mark.
	for _, s := range c.Table(keepalived.State{}) {
		if blocked[s.Of] {
			keys[drift.Service(s).ServiceKey] = true
		}
	}
	return keys
}
