package guard

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clan is a frozen parent with the processes that go on without it.
type clan struct {
	parent   int // 0: nobody was frozen
	children []int
}

// freeze stops a parent and ends its checker process, so that nobody starts one. On an error the parent goes on as before.
func freeze(parent int, o Options) (err error) {
	// os.FindProcess holds the process itself where the kernel can (pidfd): what is looked at now is what gets the signal.
	p, err := os.FindProcess(parent)
	if err != nil {
		return fmt.Errorf("freeze keepalived (pid %d): %w", parent, err)
	}
	if name, _, _ := stat(parent); !strings.HasPrefix(name, "keepalived") {
		return fmt.Errorf("freeze keepalived (pid %d): it is gone", parent)
	}
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("freeze keepalived (pid %d): %w", parent, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, thaw(parent))
		}
	}()
	// A checker process that was started just now may not have its pid in the file yet, hence twice.
	for range 2 {
		time.Sleep(settle / 2)
		if _, state, _ := stat(parent); state != "T" {
			return fmt.Errorf("freeze keepalived (pid %d): it does not stop", parent)
		}
		if err := o.endChecker(parent); err != nil {
			return err
		}
	}
	return nil
}

// endChecker ends the checker process of a frozen parent, and waits for its end. SIGKILL, since on SIGTERM it empties the table.
func (o Options) endChecker(parent int) error {
	checker := o.checker(parent)
	if checker == 0 {
		return nil
	}
	if err := syscall.Kill(checker, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end keepalived's checker process (pid %d): %w", checker, err)
	}
	for range 100 {
		if o.checker(parent) == 0 {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("end keepalived's checker process (pid %d): it stays", checker)
}

// thaw lets a frozen parent go on; one that is gone is no error.
func thaw(parent int) error {
	if name, _, _ := stat(parent); !strings.HasPrefix(name, "keepalived") {
		return nil
	}
	if err := syscall.Kill(parent, syscall.SIGCONT); err != nil {
		return fmt.Errorf("continue keepalived (pid %d): %w", parent, err)
	}
	return nil
}

// family is a parent and its children that live, such as the VRRP process.
func family(parent int) clan {
	c := clan{parent: parent}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if name, state, of := stat(pid); of == parent && state != "Z" && strings.HasPrefix(name, "keepalived") {
			c.children = append(c.children, pid)
		}
	}
	return c
}

// bereft is a child that has died since its parent was frozen, 0: none. Nobody but the parent starts it again.
func (c clan) bereft() int {
	i := slices.IndexFunc(c.children, func(pid int) bool {
		_, state, of := stat(pid)
		return of != c.parent || state == "Z"
	})
	if i < 0 {
		return 0
	}
	return c.children[i]
}

// Thaw lets all frozen parents that have our configuration or pidfile go on, and returns their process IDs. They start their
// checker processes at once.
func Thaw(o Options) (pids []int, err error) {
	all, err := Processes("/proc", "self")
	if err != nil {
		return nil, err
	}
	for _, p := range frozen(all, o) {
		if err := thaw(p); err != nil {
			return pids, err
		}
		pids = append(pids, p)
	}
	return pids, nil
}

// Look looks at the keepalived that programs the table.
func (o Options) Look() (Look, error) {
	all, err := Processes("/proc", "self")
	if err != nil {
		return Look{}, err
	}
	p := Rival(all, o.Config, o.PIDFile)
	if p == nil {
		return Look{}, nil
	}
	l := Look{Parent: p.PID, Checker: o.checker(p.PID), Named: o.named()}
	if l.Checker != 0 {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.Checker))
		l.Turns = turns(string(text))
	}
	return l, nil
}

// checker is the process that the pidfile names, if it is a keepalived of this parent and lives; 0: none.
func (o Options) checker(parent int) int {
	pid := o.named()
	if pid <= 1 {
		return 0
	}
	name, state, of := stat(pid)
	if of != parent || state == "Z" || !strings.HasPrefix(name, "keepalived") {
		return 0
	}
	return pid
}

// named is the process in the pidfile; 0: none.
func (o Options) named() int {
	text, err := os.ReadFile(o.PIDFile)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// stat is of a process that may be gone: then all is empty.
func stat(pid int) (name, state string, parent int) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return "", "", 0
	}
	return parseStat(string(text))
}

// turns reads voluntary_ctxt_switches of proc(5)'s status: a process that waits for its next check and runs it has them, one that is
// stopped, stuck or spinning has not.
func turns(status string) uint64 {
	_, rest, _ := strings.Cut(status, "\nvoluntary_ctxt_switches:")
	line, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.ParseUint(strings.TrimSpace(line), 10, 64)
	return n
}
