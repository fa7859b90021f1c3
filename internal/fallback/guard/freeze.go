package guard

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// maxPID is more than a number takes.
const maxPID = 32

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
	if !look(parent).IsKeepalived() {
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
		if look(parent).State != 'T' {
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
	if !look(parent).IsKeepalived() {
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
		if p := look(pid); p.Parent == parent && p.State != 'Z' && p.IsKeepalived() {
			c.children = append(c.children, pid)
		}
	}
	return c
}

// bereft is a child that has died since its parent was frozen, 0: none. Nobody but the parent starts it again.
func (c clan) bereft() int {
	i := slices.IndexFunc(c.children, func(pid int) bool {
		p := look(pid)
		return p.Parent != c.parent || p.State == 'Z'
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
		l.Turns = look(l.Checker).Turns
	}
	return l, nil
}

// checker is the process that the pidfile names, if it is a keepalived of this parent and lives; 0: none.
func (o Options) checker(parent int) int {
	pid := o.named()
	if pid <= 1 {
		return 0
	}
	if p := look(pid); p.Parent != parent || p.State == 'Z' || !p.IsKeepalived() {
		return 0
	}
	return pid
}

// named is the process in the pidfile; 0: none. Of a file of another user nothing is believed.
func (o Options) named() int {
	text, err := ownfile.Read(o.PIDFile, maxPID)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// look is of a process that may be gone: then it is nobody's, and no keepalived.
func look(pid int) host.Process {
	p, err := host.ReadProcess("/proc", pid)
	if err != nil {
		return host.Process{User: -1}
	}
	return p
}
