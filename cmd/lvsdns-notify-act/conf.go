package main

import (
	"cmp"
	"io/fs"
	"os"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// conf is keepalived.conf as the keepalived of this host reads it: with the lines of its id, by the rules of its version. Whatever
// this program takes from the file, it takes from here.
type conf struct {
	file    string
	as      config.ReadAs
	root    fs.FS  // nil: the files of this host
	below   string // where keepalived's program and pid file are; empty: /
	setting string // the file that as is from
}

// pidFile is where keepalived writes its process ID if its configuration says nothing else.
func pidFile() string { return (&keepalived.Config{}).Global.PIDFile() }

func (k conf) read() (*keepalived.Config, error) {
	options := keepalived.Options{FS: k.root, ConfigID: k.as.ConfigID, Version: k.as.Version}
	var err error
	if options.ConfigID == "" {
		if options.ConfigID, err = host.KeepalivedID(); err != nil {
			return nil, err
		}
	}
	if options.Version == "" {
		options.Version, _ = host.KeepalivedVersion(k.below, pidFile()) // Without a keepalived the newest known does.
	}
	options.Dir, _ = os.Getwd() // Without one relative names begin at /.
	return keepalived.Load(k.file, options)
}

// restsOn are the files besides keepalived.conf that say how it is read: another version may run when one of them has changed.
func (k conf) restsOn() []string {
	return []string{pidFile(), cmp.Or(host.KeepalivedProgram(k.below), "/usr/sbin/keepalived"), k.setting}
}
