package site

import (
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// ScriptOf is the script of a check; false: it has none.
func ScriptOf(k keepalived.Checker) (host.ScriptID, bool) {
	if k.Misc == nil || len(k.Misc.Path.Argv) == 0 {
		return host.ScriptID{}, false
	}
	p := k.Misc.Path
	return host.ScriptID{Path: p.Argv[0], User: p.User, Group: p.Group}, true
}

// ScriptsOf lists the scripts of all checks, each once.
func ScriptsOf(c *keepalived.Config) []host.ScriptID {
	seen := map[host.ScriptID]bool{}
	var list []host.ScriptID
	for i := range c.VirtualServers {
		for j := range c.VirtualServers[i].RealServers {
			for _, k := range c.VirtualServers[i].RealServers[j].Checkers {
				if id, ok := ScriptOf(k); ok && !seen[id] {
					seen[id] = true
					list = append(list, id)
				}
			}
		}
	}
	return list
}

// scriptReader looks at scripts as the keepalived with this configuration does.
func scriptReader(root string, c *keepalived.Config) host.ScriptReader {
	g := c.Global
	return host.ScriptReader{Root: root, DefaultUser: g.ScriptUser.V, DefaultGroup: g.ScriptGroup.V, Secure: g.ScriptSecurity.V}
}

// Scripts looks at the scripts of all checks as keepalived does.
func (k Keepalived) Scripts(c *keepalived.Config) map[host.ScriptID]host.Script {
	reader, all := scriptReader(k.Root, c), map[host.ScriptID]host.Script{}
	for _, id := range ScriptsOf(c) {
		found := reader.Look(id)
		if found.State == host.ScriptUnknown {
			k.say("script %s is not judged: %s", id.Path, found.Reason)
		}
		all[id] = found
	}
	return all
}

// ScriptUsers are those as whom keepalived runs scripts. One that does not exist is nobody's: keepalived does not run its scripts either.
func (k Keepalived) ScriptUsers(c *keepalived.Config) []uint32 {
	names := map[string]bool{"": true}
	for _, id := range ScriptsOf(c) {
		names[id.User] = true
	}
	for _, s := range c.Scripts {
		names[s.Script.User] = true
	}
	reader := scriptReader(k.Root, c)
	var all []uint32
	for name := range names {
		if uid, _, reason := reader.Credentials(host.ScriptID{User: name}); reason == "" {
			all = append(all, uid)
		}
	}
	return all
}
