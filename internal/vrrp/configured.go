package vrrp

import (
	"slices"
	"strings"

	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/notify"
)

// Configured is what keepalived.conf says of instances and groups. From which files it was read is the caller's to say.
func Configured(cfg *keepalived.Config) *notify.Configured {
	c := &notify.Configured{Nameless: map[notify.State][]notify.Subject{}}
	for _, i := range cfg.Instances {
		c.Instances = append(c.Instances, notify.Owner{Name: i.Name, Addresses: addresses(cfg, i)})
		nameless(c, notify.Subject{Kind: notify.Instance, Name: i.Name}, i.Notify)
	}
	for _, g := range cfg.SyncGroups {
		grouping := notify.Grouping{Name: g.Name}
		for _, m := range g.Members {
			grouping.Members = append(grouping.Members, m.V)
		}
		c.Groups = append(c.Groups, grouping)
		nameless(c, notify.Subject{Kind: notify.Group, Name: g.Name}, g.Notify)
	}
	return c
}

// addresses are those that keepalived gives an instance: one without any interface to be on is taken out of its configuration
// (vrrp_complete_instance in keepalived/vrrp/vrrp.c). One that stands there twice is there once.
func addresses(cfg *keepalived.Config, i keepalived.Instance) []notify.Address {
	var all []notify.Address
	for _, v := range slices.Concat(i.VIPs, i.Excluded) {
		a := notify.Address{Addr: v.Prefix.Addr(), Interfaces: interfaces(cfg, i, v)}
		if len(a.Interfaces) == 0 || slices.ContainsFunc(all, func(b notify.Address) bool { return a.Addr == b.Addr && slices.Equal(a.Interfaces, b.Interfaces) }) {
			continue
		}
		all = append(all, a)
	}
	return all
}

// nameless notes the scripts whose last word is the state: they pass no name.
func nameless(c *notify.Configured, s notify.Subject, all []keepalived.Notify) {
	for _, n := range all {
		word, ok := strings.CutPrefix(n.Event, "notify_")
		if !ok || len(n.Script.Argv) < 2 || !strings.EqualFold(n.Script.Argv[len(n.Script.Argv)-1], word) {
			continue
		}
		c.Nameless[notify.State(word)] = append(c.Nameless[notify.State(word)], s)
	}
}
