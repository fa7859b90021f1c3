package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Process is what the kernel says of a process. Of all this its user can make up the name alone.
type Process struct {
	Name    string
	Program string // the last part of the path of what it runs; empty: this process may not know it
	State   byte   // as proc(5) has it: T is stopped, Z is dead and not waited for
	Parent  int
	User    int    // the real one: a program that gives rights to whoever runs it (setuid) leaves it as it was
	Turns   uint64 // how often it has waited for something and gone on (voluntary_ctxt_switches)

	Capabilities uint64 // that are in force, by their numbers in capabilities(7)
}

// ReadProcess looks at a process. proc is where the proc file system is mounted. The error is [fs.ErrNotExist] for one that is gone, that
// has ended, or that is a thread of the kernel.
func ReadProcess(proc string, pid int) (Process, error) {
	var p Process
	dir := filepath.Join(proc, strconv.Itoa(pid))
	program, err := os.Readlink(filepath.Join(dir, "exe"))
	switch {
	case err == nil:
		// The kernel says so of a program that was replaced while it runs, as an upgrade does.
		p.Program = filepath.Base(strings.TrimSuffix(program, " (deleted)"))
	case errors.Is(err, fs.ErrNotExist):
		return p, fmt.Errorf("look at process %d: %w", pid, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return p, fmt.Errorf("look at process %d: %w", pid, err)
	}
	p.User = -1
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		first, _, _ := strings.Cut(strings.TrimSpace(value), "\t")
		switch key {
		case "Name":
			p.Name = strings.TrimSpace(value)
		case "State":
			p.State = (first + "?")[0]
		case "PPid":
			p.Parent, _ = strconv.Atoi(first)
		case "Uid":
			if p.User, err = strconv.Atoi(first); err != nil {
				p.User = -1
			}
		case "CapEff":
			p.Capabilities, _ = strconv.ParseUint(first, 16, 64)
		case "voluntary_ctxt_switches":
			p.Turns, _ = strconv.ParseUint(first, 10, 64)
		}
	}
	return p, nil
}

// Trusted reports whether a process is root's or of our own user.
func (p Process) Trusted() bool { return p.User == 0 || p.User == os.Getuid() }

// IsKeepalived reports whether a process is a keepalived that counts, or one of its processes. Its name is no proof: a user gives a
// process any. Neither is root as its user alone, for sudo can be called by any name, and is root's while it waits for a password. Where
// the program cannot be known, its name counts, which may have more behind it (process_names in keepalived.conf(5)).
func (p Process) IsKeepalived() bool {
	if p.Program == "" {
		return p.Trusted() && strings.HasPrefix(p.Name, "keepalived")
	}
	// Not keepalived_exporter; keepalived-2.3.4 is one.
	return p.Trusted() && strings.TrimRight(p.Program, "-.0123456789") == "keepalived"
}
