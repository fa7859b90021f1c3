package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/internal/vrrp"
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
	c := vrrp.Configured(cfg)
	c.File = k.file
	return c, nil
}
