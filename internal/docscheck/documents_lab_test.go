//go:build lab

package docscheck

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
	"github.com/lvsdns/lvsdns/internal/promcheck"
)

// scene is a director as the documents have it: keepalived runs with the block of README.md, two name servers are well, and one
// has its TCP port closed.
//
//	client .50 --- lan 192.168.1.0/24 --- director .11, VIPs .100 and .101
//	                |           |           |
//	            dns1 .21 DR  dns2 .22 NAT  dns3 .23, no TCP
type scene struct {
	*labtest.Lab
	t                *testing.T
	director, client *labtest.Host
	root             string // of the repository
}

func newScene(t *testing.T, readme Block) *scene {
	root, err := promcheck.Root()
	if err != nil {
		t.Fatal(err)
	}
	lab := labtest.New(t)
	for _, program := range []string{"lvsdns", "lvsdns-check", "lvsdns-exporter", "lvsdns-fallback", "lvsdns-notify", "lvsdns-notify-act"} {
		lab.Install(program, "/usr/bin/"+program)
	}
	lan := lab.LAN("lan", "192.168.1.0/24")
	s := &scene{Lab: lab, t: t, root: root, director: lab.Director("director", lan.At("192.168.1.11")).Hold("192.168.1.100", "192.168.1.101")}
	lab.RealServer("dns1", lan.At("192.168.1.21")).DR("192.168.1.100").NameServer(labtest.NSD)
	lab.RealServer("dns2", lan.At("192.168.1.22")).NAT("192.168.1.11").NameServer(labtest.NSD)
	lab.RealServer("dns3", lan.At("192.168.1.23")).NameServer(labtest.NSD).CloseTCP()
	s.client = lab.Client("client", lan.At("192.168.1.50"))

	for _, dir := range []string{"/run/lvsdns", "/run/haproxy", "/var/lib/lvsdns"} {
		// What this machine's own programs have left there is no part of the scene.
		if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	s.write("/etc/keepalived/keepalived.conf", readme.Text, 0o644)
	s.director.Start("keepalived", "--dont-fork", "--log-console")
	lab.WaitFor(
		"the configuration of README.md serves", 30*time.Second,
		func() bool { return len(s.director.IPVS().Where("192.168.1.21")) == 2 },
	)
	return s
}

func (s *scene) write(path, text string, mode os.FileMode) {
	s.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		s.t.Fatal(err)
	}
}

// TestDocumentsInTheLab runs every block that has a kind for the lab, in the order of the documents, and then the broken ones.
func TestDocumentsInTheLab(t *testing.T) {
	broken := planted(t)
	blocks := documents(t)
	var readme Block
	for _, b := range blocks {
		if b.File == "README.md" && b.Kind == "keepalived" {
			readme = b
		}
	}
	s := newScene(t, readme)
	// What another release, under lab-run --root, may not have.
	absent := map[string]bool{}
	for name, pattern := range map[string]string{"dnsdist": "/usr/bin/dnsdist", "knot": "/usr/lib/*/knot/modules-*/dnstap.so"} {
		if found, _ := filepath.Glob(pattern); len(found) == 0 {
			absent[name] = true
			t.Run(name, func(t *testing.T) { t.Skipf("this release has no %s: its blocks are not run", pattern) })
		}
	}
	s.names()
	for _, b := range blocks {
		if run := s.kind(b.Kind); run != nil && !absent[b.Kind] && b.Args["on"] == "" {
			if err := run(b); err != nil {
				t.Errorf("%s: %v", b, err)
			}
		}
	}
	for _, k := range Kinds {
		if run := s.kind(k.Name); absent[k.Name] {
			continue
		} else if run != nil {
			fails(t, broken[k.Name], run)
		} else if k.Lab {
			t.Errorf("%s is to run in the lab, and nothing here does it", k.Name)
		}
	}
}

// kind is how blocks of a kind are run; nil if they are not run in the lab.
func (s *scene) kind(name string) func(Block) error {
	check := func(command ...string) func(Block) error {
		return func(b Block) error { return s.check(b, command...) }
	}
	return map[string]func(Block) error{
		"keepalived": check("keepalived", "-t", "-f", file),
		"unbound":    check("unbound-checkconf", file),
		"named":      check("named-checkconf", file),
		"nsd":        check("nsd-checkconf", file),
		"knot":       check("knotc", "-c", file, "conf-check"),
		"dnsdist":    check("dnsdist", "--check-config", "-C", file),
		"settings":   func(b Block) error { return s.check(b, b.Args["program"], "check-config", "--config", file) },
		"haproxy":    s.haproxy,
		"file":       s.file,
		"sh":         s.shell,
		"console":    s.console,
		"exporter":   s.exporter,
		"answer":     s.answer,
		"build":      s.build,
	}[name]
}

// file is where a block stands for a program that checks it.
const file = "/run/lvsdns/checked.conf"

// check has a program look at the block as a file.
func (s *scene) check(b Block, command ...string) error {
	s.write(file, b.Text, 0o644)
	return s.run(0, command[0], command[1:]...)
}

// run runs a program on the director.
func (s *scene) run(status int, program string, args ...string) error {
	_, err := s.output(status, program, args...)
	return err
}

func (s *scene) output(status int, program string, args ...string) (string, error) {
	// Both outputs in the order in which they were written, as on a terminal.
	out, err := s.director.Run(s.t.Context(), "sh", append([]string{"-c", `exec "$@" 2>&1`, "sh", program}, args...)...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		return out, err
	}
	if got != status {
		return out, fmt.Errorf("it ends with exit status %d, want %d: %s", got, status, out)
	}
	return out, nil
}

func (s *scene) shell(b Block) error {
	if b.Args["needs"] == "kernel" && os.Getenv("LVSDNS_LAB") == "host" {
		s.t.Logf("not run: %s: it changes what holds for the whole machine", b)
		return nil
	}
	status := 0
	if exit := b.Args["exit"]; exit != "" {
		if _, err := fmt.Sscan(exit, &status); err != nil {
			return err
		}
	}
	out, err := s.output(status, "bash", "-euo", "pipefail", "-c", b.Text)
	// sysctl(8) of procps 4.0.2 ends with 0 when it could not set a key.
	if err == nil && strings.Contains(out, "sysctl: ") {
		err = errors.New(out)
	}
	return err
}

// build runs a block where make has built the programs.
func (s *scene) build(b Block) error {
	// Not by --dry-run: what calls make again runs all the same (GNU make manual, "How the MAKE Variable Works").
	const asked = `make() {
	local word
	for word; do
		[[ $word == *=* ]] || grep -q "^$word:" Makefile || { echo "make has no target $word"; return 2; }
	done
}
`
	return s.run(0, "bash", "-euo", "pipefail", "-c", "cd "+s.root+"\n"+asked+b.Text)
}

func (s *scene) file(b Block) error {
	var mode os.FileMode
	if _, err := fmt.Sscanf(b.Args["mode"], "%o", &mode); err != nil || b.Args["path"] == "" {
		return errors.New("no path= and mode= say which file it is")
	}
	s.write(b.Args["path"], b.Text, mode)
	return nil
}

func (s *scene) console(b Block) error {
	commands, err := b.Console()
	if err != nil {
		return err
	}
	undo, err := s.event(b.Args["after"])
	if err != nil {
		return err
	}
	defer undo()
	for _, c := range commands {
		out, err := s.output(c.Status, "bash", "-c", c.Line)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Line, err)
		}
		if !c.Prints(out) {
			return fmt.Errorf("%s: it prints\n%swhich has not the shape of\n%s", c.Line, out, c.Output)
		}
	}
	return nil
}

// answer has lvsdns-check match each record, and nothing but it.
func (s *scene) answer(b Block) error {
	for line := range strings.Lines(b.Text) {
		words := strings.Fields(line)
		if len(words) < 4 {
			return fmt.Errorf("%q is no record", line)
		}
		record := "^" + strings.NewReplacer(".", `\.`).Replace(strings.TrimSpace(line)) + "$"
		if err := s.run(0, "lvsdns-check", "--name", words[0], "--type", words[2], "--answer", record, "192.168.1.21"); err != nil {
			return fmt.Errorf("no record of %s %s is %s: %w", words[0], words[2], record, err)
		}
	}
	return nil
}

// exporter starts the program of each line, looks at its page, and ends it.
func (s *scene) exporter(b Block) error {
	for line := range strings.Lines(b.Text) {
		command, _, _ := strings.Cut(line, "#")
		p := s.director.Start("/bin/sh", "-c", "exec "+command)
		var err error
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if _, err = s.director.Get(s.t.Context(), "http://192.168.1.11:9741/-/healthy"); err == nil || !p.Running() || time.Now().After(end) {
				break
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w: %s", strings.TrimSpace(command), err, p.Log())
		}
		p.Signal(syscall.SIGTERM)
		s.WaitFor("the exporter ends", 30*time.Second, func() bool { return !p.Running() })
	}
	return nil
}
