package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// recorder notes which files and directories are looked at.
type recorder struct {
	fs.FS
	mu    sync.Mutex
	names []string
}

// Open implements fs.FS.
func (r *recorder) Open(name string) (fs.File, error) {
	r.mu.Lock()
	if !slices.Contains(r.names, name) {
		r.names = append(r.names, name)
	}
	r.mu.Unlock()
	return r.FS.Open(name)
}

// configure reads who holds which addresses. The stamps are taken before the files are read, so that a change in between
// makes them old. Without keepalived.conf nothing is known, which is good until there is one.
func (k conf) configure(file string) (*notify.Configured, error) {
	k.file = file
	root := &recorder{FS: os.DirFS("/")}
	k.root = root
	var c *notify.Configured
	var err error
	for range 3 {
		before := k.stamps(root.names)
		if c, err = k.owners(); err == nil && !slices.Equal(before, k.stamps(root.names)) {
			continue // The first round finds out which files there are.
		}
		break
	}
	if err != nil {
		c = &notify.Configured{File: file}
		err = fmt.Errorf("states are as keepalived says, nobody looks at addresses: %w", err)
	}
	// A file that changes within the tick of its stamp can't be told from what was read: then it is read again next time.
	if c.Stamps = k.stamps(root.names); !c.Settled(time.Now()) {
		c.Stamps[0].Time = 0
	}
	return c, err
}

// stamps are those of keepalived.conf and what it includes, and of what says how to read it.
func (k conf) stamps(names []string) []notify.Stamp {
	all := []notify.Stamp{journal.StampOf(k.file)}
	for _, name := range slices.Concat(names, k.restsOn()) {
		if name = path.Join("/", name); name != k.file {
			all = append(all, journal.StampOf(name))
		}
	}
	return all
}

// owners is what keepalived.conf says of instances and groups.
func (k conf) owners() (*notify.Configured, error) {
	cfg, err := k.read()
	if err != nil {
		return nil, err
	}
	c := &notify.Configured{File: k.file, Nameless: map[notify.State][]notify.Subject{}}
	for _, i := range cfg.Instances {
		o := notify.Owner{Name: i.Name}
		for _, v := range slices.Concat(i.VIPs, i.Excluded) {
			dev := v.Dev
			if dev == "" {
				dev = i.Interface.V
			}
			var on []string
			if dev != "" {
				on = append([]string{dev}, vmac(i)...)
			}
			o.Addresses = append(o.Addresses, notify.Address{Addr: v.Prefix.Addr(), Interfaces: on})
		}
		c.Instances = append(c.Instances, o)
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
	return c, nil
}

// vmac is the interface that use_vmac makes: its name is the word after it, else "vrrp." and the VRID (vrrp_vmac_handler in
// keepalived/vrrp/vrrp_parser.c).
func vmac(i keepalived.Instance) []string {
	for _, s := range i.Other {
		if len(s.Words) == 0 || s.Words[0] != "use_vmac" {
			continue
		}
		if len(s.Words) > 1 && !strings.Contains(s.Words[1], ":") {
			return []string{s.Words[1]}
		}
		return []string{fmt.Sprintf("vrrp.%d", i.VRID.V)}
	}
	return nil
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
