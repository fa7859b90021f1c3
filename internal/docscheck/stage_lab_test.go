//go:build lab

package docscheck

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
	"github.com/lvsdns/lvsdns/internal/promcheck"
)

// stage is a network on which a document is played: its blocks with hosts (on=), from the first to the last, each on the hosts that it
// names. A page that leads a reader somewhere is right only if each step finds what the one before has left.
type stage struct {
	*labtest.Lab
	t    *testing.T
	root string // of the repository
	on   map[string]login
	// instead are commands that the lab does in its own way, such as "dns2: systemctl stop nsd".
	instead map[string]func()
	// begins is told of each block before it is run.
	begins func(block string)
}

// login is a host, as somebody finds it who logs in.
type login struct {
	run   func(name string, args ...string) (string, error)
	files string // its root directory, as the guest sees it
}

func newStage(t *testing.T) *stage {
	root, err := promcheck.Root()
	if err != nil {
		t.Fatal(err)
	}
	return &stage{Lab: labtest.New(t), t: t, root: root, on: map[string]login{}, instead: map[string]func(){}, begins: func(string) {}}
}

// machine is a host with files and services of its own.
func (s *stage) machine(h *labtest.Host) {
	s.t.Helper()
	m := h.Machine()
	at := login{run: m.Run, files: fmt.Sprintf("/proc/%d/root", m.Namespace())}
	// What this machine's own programs have left there is no part of the scene.
	for _, dir := range []string{"etc/lvsdns", "var/lib/lvsdns"} {
		if err := os.RemoveAll(filepath.Join(at.files, dir)); err != nil {
			s.t.Fatal(err)
		}
	}
	s.on[h.Name] = at
}

// plain is a host that shares its files with the others.
func (s *stage) plain(h *labtest.Host) {
	s.on[h.Name] = login{files: "/", run: func(name string, args ...string) (string, error) { return h.Run(s.t.Context(), name, args...) }}
}

// play runs the blocks of a document that name hosts. It ends at the first that fails: what follows would fail because of it.
func (s *stage) play(file string) {
	s.t.Helper()
	if !slices.Contains(played, file) {
		s.t.Fatalf("%s is not among those that are played", file)
	}
	steps := 0
	for _, b := range documents(s.t) {
		if b.File != file || b.Args["on"] == "" {
			continue
		}
		for host := range strings.SplitSeq(b.Args["on"], ",") {
			s.begins(fmt.Sprintf("%s, on %s", b, host))
			at := time.Now()
			if err := s.block(host, b); err != nil {
				s.t.Fatalf("%s, on %s: %v\n%s", b, host, err, s.journal(host))
			}
			s.t.Logf("%s, on %s: %.1fs", b, host, time.Since(at).Seconds())
			steps++
		}
	}
	if steps == 0 {
		s.t.Fatalf("%s has no block with on=", file)
	}
}

func (s *stage) block(host string, b Block) error {
	at, ok := s.on[host]
	if !ok {
		return fmt.Errorf("there is no host %s", host)
	}
	if do := s.instead[host+": "+strings.TrimSpace(b.Text)]; do != nil {
		do()
		return nil
	}
	switch b.Kind {
	case "file":
		return s.write(at, b)
	case "sh":
		out, err := at.shell(s.prelude(host) + b.Text)
		if err == nil && strings.Contains(out, "sysctl: ") {
			err = errors.New(out)
		}
		return err
	case "console":
		return s.console(at, b)
	default:
		return fmt.Errorf("%s is not run on a stage", b.Kind)
	}
}

// shell runs a script, and returns both outputs.
func (p login) shell(script string) (string, error) {
	out, err := p.run("bash", "-euo", "pipefail", "-c", "exec 2>&1\n"+script)
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return out, err
}

func (s *stage) write(at login, b Block) error {
	var mode os.FileMode
	if _, err := fmt.Sscanf(b.Args["mode"], "%o", &mode); err != nil || b.Args["path"] == "" {
		return errors.New("no path= and mode= say which file it is")
	}
	path := filepath.Join(at.files, b.Args["path"])
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(b.Text), mode), os.Chmod(path, mode))
}

// patience is how long a state may take to come in a guest that others let wait.
const patience = 5 * time.Minute

// console runs each command; with retry=yes until it prints what the document shows.
func (s *stage) console(at login, b Block) error {
	commands, err := b.Console()
	if err != nil {
		return err
	}
	end := time.Now()
	if b.Args["retry"] == "yes" {
		end = end.Add(patience)
	}
	for _, c := range commands {
		for {
			out, err := at.run("bash", "-c", "exec 2>&1\n"+c.Line)
			status := 0
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				status = exit.ExitCode()
			} else if err != nil {
				return err
			}
			if status == c.Status && c.Prints(out) {
				break
			}
			if time.Now().After(end) {
				return fmt.Errorf("%s: it ends with %d and prints\n%swhich has not the shape of\n%s", c.Line, status, out, c.Output)
			}
			time.Sleep(time.Second)
		}
	}
	return nil
}

// prelude has the commands that reach beyond the lab do here what they would do there. The package is that of "make packages"; without it
// its files are put in place.
func (s *stage) prelude(host string) string {
	return fmt.Sprintf(`scp() {
	local from=${1%%%%:*} path=${1#*:}
	local top=${path#/}
	top=${top%%%%/*}
	cp %[1]s/$from/files/$top/upper/${path#/$top/} "$2"
}
apt() {
	[[ $1 == install && $2 == ./lvsdns_*.deb ]] || return 90
	local built=(%[2]s/dist/lvsdns_*_"$(dpkg --print-architecture)".deb)
	if [[ -e ${built[0]} ]]; then
		rm -f /usr/sbin/policy-rc.d
		apt-get install -y "${built[-1]}"
	else
		bash -euo pipefail %[2]s/internal/docscheck/testdata/package.sh %[2]s
	fi
}
`, s.Dir(), s.root)
}

// journal is what the services of a host have said last.
func (s *stage) journal(host string) string {
	out, _ := s.on[host].shell("journalctl --no-pager -n 60 || true")
	return out
}
