package site

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Keepalived says which keepalived is meant, and how it was started if that is not as usual.
type Keepalived struct {
	File     string // its configuration (--use-file)
	Root     string // of the file system that it, its files and /proc are in; empty: /
	ConfigID string // its --config-id; empty: the name of this host up to the first dot, as keepalived takes it
	Version  string // by whose rules the configuration is read, such as 2.2.7; empty: what its program says
	PIDFile  string // its --pid; empty: by its configuration
	NetNS    string // the network namespace of its virtual servers, by name; empty: by its configuration

	// Say hears what is missing without being an error: one line. nil: nobody hears it.
	Say func(string)
}

// Reading is what a configuration asks for.
type Reading struct {
	*keepalived.Config

	PIDFile   string // of keepalived's parent
	NoVersion error  // why its version is not known: then the rules are those of the newest; nil: it is known

	// Looked are the files and directories that were looked at, where this process finds them, those too that are not there: a change of
	// one of them may make another configuration of it.
	Looked []string
}

// Read reads the configuration as the keepalived that runs does, or else as the one that is installed would.
func (k Keepalived) Read() (Reading, error) {
	r := Reading{PIDFile: cmp.Or(k.PIDFile, keepalived.Global{}.PIDFile())}
	options := keepalived.Options{ConfigID: k.ConfigID, Version: k.Version}
	var err error
	if options.ConfigID == "" {
		if options.ConfigID, err = host.KeepalivedID(); err != nil {
			return r, fmt.Errorf("%w, which is the --config-id of keepalived", err)
		}
	}
	if k.abroad() || path.IsAbs(k.File) {
		options.Dir = "/"
	} else if options.Dir, err = os.Getwd(); err != nil {
		return r, fmt.Errorf("find where %s is: %w", k.File, err)
	}
	seen := &recorder{FS: os.DirFS(k.Below("/"))}
	options.FS = seen
	load := func() (err error) {
		if k.Version == "" {
			options.Version, r.NoVersion = host.KeepalivedVersion(k.Root, r.PIDFile)
		}
		if r.Config == nil || r.Config.Version != options.Version {
			r.Config, err = keepalived.Load(k.File, options)
		}
		return err
	}
	if err = load(); err == nil && k.PIDFile == "" && r.Global.PIDFile() != r.PIDFile {
		// Which process it is that runs is in the configuration, and does not depend on the version.
		r.PIDFile = r.Global.PIDFile()
		err = load()
	}
	for _, name := range seen.names {
		r.Looked = append(r.Looked, k.Below(name))
	}
	if k.Version == "" {
		r.Looked = append(r.Looked, k.Below(r.PIDFile), k.Below(cmp.Or(host.KeepalivedProgram(k.Root), standardProgram)))
	}
	return r, err
}

// standardProgram is where distributions install keepalived.
const standardProgram = "/usr/sbin/keepalived"

// abroad reports whether it is the keepalived of a file system other than this host's.
func (k Keepalived) abroad() bool { return filepath.Join("/", k.Root) != "/" }

// Below is where this process finds a file of that file system.
func (k Keepalived) Below(file string) string { return filepath.Join("/", k.Root, file) }

func (k Keepalived) say(format string, args ...any) {
	if k.Say != nil {
		k.Say(fmt.Sprintf(format, args...))
	}
}

// recorder notes which files and directories are looked at.
type recorder struct {
	fs.FS
	names []string
	known map[string]bool
}

func (r *recorder) note(name string) {
	if r.known == nil {
		r.known = map[string]bool{}
	}
	if !r.known[name] {
		r.known[name] = true
		r.names = append(r.names, name)
	}
}

// Open implements fs.FS.
func (r *recorder) Open(name string) (fs.File, error) {
	r.note(name)
	return r.FS.Open(name)
}

// Stat implements fs.StatFS: who may not open a file may look at it all the same.
func (r *recorder) Stat(name string) (fs.FileInfo, error) {
	r.note(name)
	return fs.Stat(r.FS, name)
}
