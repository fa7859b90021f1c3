package guard

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/internal/bounded"
	"github.com/lvsdns/lvsdns/internal/host"
)

// maxCommand is more than any command line of keepalived's. A user may give a process of that name one of megabytes.
const maxCommand = 64 << 10

// Process is a keepalived that runs, its children left out.
type Process struct {
	PID      int
	Stopped  bool // by SIGSTOP: it starts nothing
	VRRPOnly bool // --vrrp: it has no checker process
	Tests    bool // --config-test: it reads the configuration and ends
	Config   string
	Checkers string // --checkers_pid; empty: the default
	args     []string
}

// Processes lists the keepalived processes of a network namespace that are root's or ours: nobody else can program IPVS, and everybody can
// run something of that name. proc is where the proc file system is mounted; self names the process
// whose namespace counts, such as "self".
func Processes(proc, self string) ([]Process, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("look for keepalived: %w", err)
	}
	here, _ := os.Readlink(filepath.Join(proc, self, "ns/net"))
	parents := map[int]int{}
	found := map[int]Process{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		is, err := host.ReadProcess(proc, pid)
		if err != nil || !is.IsKeepalived() || is.State == 'Z' { // ended meanwhile, or another program
			continue
		}
		if there, err := os.Readlink(filepath.Join(proc, e.Name(), "ns/net")); err == nil && there != here {
			continue
		}
		line, err := bounded.ReadFile(filepath.Join(proc, e.Name(), "cmdline"), maxCommand)
		if errors.Is(err, bounded.ErrLong) { // Whatever it was told, it may be one that writes.
			line, err = []byte("keepalived\x00"), nil
		}
		if err != nil || len(line) == 0 {
			continue
		}
		p := parseArgs(strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00"))
		p.PID, p.Stopped = pid, is.State == 'T'
		if cwd, err := os.Readlink(filepath.Join(proc, e.Name(), "cwd")); err == nil {
			p.Config, p.Checkers = within(cwd, p.Config), within(cwd, p.Checkers)
		}
		found[pid], parents[pid] = p, is.Parent
	}
	var list []Process
	for pid, p := range found {
		if _, child := found[parents[pid]]; !child {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b Process) int { return a.PID - b.PID })
	return list, nil
}

// within is where a process that is in a directory finds a path that it was given.
func within(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// withValue are the short options of keepalived that take a value (main.c): the optional ones take no word of their own.
const (
	withValue   = "uSfpisrcbA" + withOwnOnly
	withOwnOnly = "Mgt"
)

// parseArgs reads keepalived's command line as far as it matters here.
func parseArgs(args []string) Process {
	p := Process{Config: "/etc/keepalived/keepalived.conf", args: args}
	const all = 3 // what main.c has in the place of a letter
	set := func(letter byte, value string) {
		switch letter {
		case 'f':
			p.Config = value
		case 'c':
			p.Checkers = value
		case 'P':
			p.VRRPOnly = true
		case 'C', all:
			p.VRRPOnly = false
		case 't':
			p.Tests = true
		}
	}
	long := map[string]byte{"use-file": 'f', "checkers_pid": 'c', "vrrp": 'P', "check": 'C', "all": all, "config-test": 't'}
	for i := 1; i < len(args); i++ {
		next := func() string {
			if i+1 < len(args) {
				i++
				return args[i]
			}
			return ""
		}
		switch a := args[i]; {
		case strings.HasPrefix(a, "--"):
			name, value, given := strings.Cut(a[2:], "=")
			letter := long[name]
			if !given && (letter == 'f' || letter == 'c') {
				value = next()
			}
			set(letter, value)
		case strings.HasPrefix(a, "-"):
			for j := 1; j < len(a); j++ {
				if strings.IndexByte(withValue, a[j]) < 0 {
					set(a[j], "")
					continue
				}
				value := a[j+1:]
				if value == "" && strings.IndexByte(withOwnOnly, a[j]) < 0 {
					value = next()
				}
				set(a[j], value)
				break
			}
		}
	}
	return p
}

// Rival finds the keepalived that programs the same table or would soon: one with our configuration or our pidfile that has a
// checker process and is not stopped. nil: there is none. Another instance with virtual servers of its own is no rival.
func Rival(all []Process, config, pidfile string) *Process {
	for i := range all {
		p := &all[i]
		if p.VRRPOnly || p.Tests || p.Stopped {
			continue
		}
		if same(p.Config, config) || p.Checkers != "" && same(p.Checkers, pidfile) {
			return p
		}
	}
	return nil
}

func same(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return filepath.Clean(a) == filepath.Clean(b) || err1 == nil && err2 == nil && os.SameFile(x, y)
}

// Why says why a rival is in the way, and what to do.
func (p Process) Why() string {
	return fmt.Sprintf("keepalived (pid %d) has the table, and would start its checker process again whenever that dies: "+
		"of split instances stop the one with the checkers (keepalived --check --dont-release-ipvs leaves the table); "+
		"of a combined one freeze the parent first (kill -STOP %[1]d) and then end its checker process (kill -KILL)", p.PID)
}
