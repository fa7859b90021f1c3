package keepalived

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
)

// Options say where a configuration is read from and for which keepalived. The
// zero Options read the files of this host.
type Options struct {
	FS       fs.FS  // rooted at /; nil: the files of this host
	Dir      string // of relative paths; empty: /
	ConfigID string // of conditional lines: keepalived's -i, else the host name up to its first dot
	Version  string // of keepalived, such as 2.2.7; empty: the newest that is known

	// Limits for a text that asks for work without end: beyond one of them Load fails.
	MaxLines int // with those that sequences and definitions make; 0: 500,000
	MaxBytes int // of all files, and of what is made of them; 0: 64 MiB
	MaxNames int // of files and in directories that includes look at; 0: 100,000

	release release // of Version
}

// Load reads a configuration. It fails only when there is no file that
// keepalived could read under that name, which may be a pattern, when there is
// no such version, or at a limit; whatever else is wrong is in [Config.Notes].
func Load(name string, o Options) (*Config, error) {
	if o.FS == nil {
		o.FS = os.DirFS("/")
	}
	o.Dir = path.Join("/", o.Dir)
	o.MaxLines = cmp.Or(o.MaxLines, 500_000)
	o.MaxBytes = cmp.Or(o.MaxBytes, 64<<20)
	o.MaxNames = cmp.Or(o.MaxNames, 100_000)
	o.release = newest
	if o.Version != "" {
		var ok bool
		if o.release, ok = parseRelease(o.Version); !ok {
			return nil, fmt.Errorf("read keepalived's configuration: its version is %q; want one such as 2.2.7", o.Version)
		}
	}
	cfg := &Config{Version: o.Version, ID: o.ConfigID}
	var all notes
	var parents heritage
	for _, process := range []process{parent, checkers, vrrp} {
		own, err := read(name, o, process, parents, cfg, &all)
		if err != nil {
			return nil, err
		}
		if process == parent {
			parents = own
		}
	}
	if !parents.servers {
		unseen(cfg, &all)
	}
	for i := range cfg.VirtualServers {
		// Grown one by one, they would hold up to twice the memory: of 10,000 real servers 5 MB.
		cfg.VirtualServers[i].RealServers = slices.Clone(cfg.VirtualServers[i].RealServers)
	}
	full := validate(cfg, func(n Note) {
		all.complaint(checkers, n)
		all.add(n)
	}, all.add)
	if full {
		return nil, fmt.Errorf(
			"read keepalived's configuration: its groups stand for more than %d services, the limit of this reader",
			maxServices,
		)
	}
	if len(all.list) > maxNotes {
		return nil, fmt.Errorf(
			"read keepalived's configuration: there is more to say of it than %d lines, the limit of this reader; the first is %s",
			maxNotes, all.list[0],
		)
	}
	all.checked(cfg)
	cfg.Files = uniq(cfg.Files)
	cfg.Notes = all.sorted(cfg.Files)
	return cfg, nil
}

// process is one of keepalived's. Each reads the whole text and skips the
// blocks of the others, so that a mistake in a block does not disturb the
// blocks of another process.
type process int

const (
	parent process = iota + 1
	checkers
	vrrp
)

// heritage is what a reading leaves to those of the processes that it starts.
type heritage struct {
	tally
	servers bool // there are virtual servers
}

// read is one reading of the text.
func read(name string, o Options, by process, before heritage, cfg *Config, all *notes) (after heritage, err error) {
	p := &parser{cfg: cfg, notes: all, tracked: map[string]*TrackedFile{}}
	p.reader = newReader(o, by, before.tally, p.keep)
	if !p.open(name, strictness{}) {
		if p.stopped != nil {
			return after, fmt.Errorf("read keepalived's configuration: %s is longer than %d bytes, the limit of this reader", name, o.MaxBytes)
		}
		return after, unreadable(name, o)
	}
	p.stream(keywordsOf(by), false)
	if p.stopped != nil {
		return after, fmt.Errorf("read keepalived's configuration: %w", p.stopped)
	}
	if n := len(p.unclosed); n > 0 && by == checkers { // All count the same braces.
		p.note(Ignored, "closing braces are missing: %d, counted from the opening one at %s", n, p.unclosed[0])
	}
	if by == parent {
		cfg.Files = p.read
	}
	// What was never read is discarded, and taken off the count.
	p.counted -= uint32(len(p.sequences))
	return heritage{p.tally, p.servers}, nil
}

// unseen takes the virtual servers out that the parent has not seen: it does
// not start the checker process then (running_checker() in keepalived's main.c).
func unseen(cfg *Config, all *notes) {
	for i := range cfg.VirtualServers {
		v := &cfg.VirtualServers[i]
		all.add(Note{
			Pos: v.Pos, Kind: Trap, Block: v.block(), Lost: v.block(), Mend: "correct the braces above it",
			Text: "keepalived's parent process takes this for a part of the block before it, finds no virtual server and starts no checks: it leaves this out",
		})
	}
	cfg.VirtualServers = nil
}

func uniq(names []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(names, func(name string) bool {
		again := seen[name]
		seen[name] = true
		return again
	})
}

// unreadable says why there is nothing to read.
func unreadable(name string, o Options) error {
	at := name
	if !path.IsAbs(at) {
		at = path.Join(o.Dir, at)
	}
	info, err := fs.Stat(o.FS, inFS(at))
	switch {
	case err != nil:
		return fmt.Errorf("read keepalived's configuration: %w", outsideFS(name, err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("read keepalived's configuration: %s is not a regular file", name)
	case info.Mode()&0o111 != 0:
		return fmt.Errorf("read keepalived's configuration: %s is executable, and keepalived skips such files: chmod a-x %[1]s", name)
	default:
		return fmt.Errorf("read keepalived's configuration: %s cannot be opened", name)
	}
}
