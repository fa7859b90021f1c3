package docscheck

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/promcheck"
)

// TestOnThisHost runs what needs no other kernel.
func TestOnThisHost(t *testing.T) {
	broken := planted(t)
	blocks := documents(t)
	for name, how := range map[string]struct {
		needs []string // programs
		run   func(t *testing.T) func(Block) error
	}{
		"keepalived": {nil, func(*testing.T) func(Block) error { return parses }},
		"prometheus": {[]string{"promtool"}, func(t *testing.T) func(Block) error { return func(b Block) error { return promtool(t, b) } }},
		"nft":        {[]string{"nft", "ip", "unshare", "mount"}, inNamespace},
	} {
		t.Run(name, func(t *testing.T) {
			for _, program := range how.needs {
				if _, err := exec.LookPath(program); err != nil {
					t.Skipf("%s is not installed: lab/setup.sh installs it", program)
				}
			}
			run := how.run(t)
			for _, b := range blocks {
				if b.Kind == name {
					if err := run(b); err != nil {
						t.Errorf("%s: %v", b, err)
					}
				}
			}
			fails(t, broken[name], run)
		})
	}
	for _, k := range Kinds {
		if k.Host && k.Name != "keepalived" && k.Name != "prometheus" && k.Name != "nft" {
			t.Errorf("%s is to run on this host, and nothing here does it", k.Name)
		}
	}
}

// parses has lvsdns read a keepalived.conf as the keepalived of Debian 12 does, and as the newest.
func parses(b Block) error {
	const name = "etc/keepalived/keepalived.conf"
	root := fstest.MapFS{name: {Data: []byte(b.Text)}}
	for _, version := range []string{"2.2.7", ""} {
		cfg, err := keepalived.Load("/"+name, keepalived.Options{FS: root, Version: version})
		if err != nil {
			return err
		}
		if len(cfg.Notes) > 0 {
			return fmt.Errorf("lvsdns, as keepalived %s reads it: %v", version, cfg.Notes)
		}
		for _, v := range cfg.VirtualServers {
			if v.Protocol.V == keepalived.UDP && v.PersistenceTimeout.V > 0 {
				return fmt.Errorf("%s: all that a resolver asks goes to one server: take persistence_timeout out", v.PersistenceTimeout.Pos)
			}
		}
	}
	return nil
}

// TestDemoConfiguration: README.md shows the demo's keepalived.conf as a whole one.
func TestDemoConfiguration(t *testing.T) {
	text, err := os.ReadFile("../../lab/demo/keepalived.conf")
	if err == nil {
		err = parses(Block{Text: string(text)})
	}
	if err != nil {
		t.Error(err)
	}
}

// promtool checks a prometheus.yml with the rules beside it.
func promtool(t *testing.T, b Block) error {
	root, err := promcheck.Root()
	if err != nil {
		return err
	}
	rules, err := os.ReadFile(filepath.Join(root, "alerts", "lvsdns.yml"))
	if err != nil {
		return err
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := errors.Join(
		os.WriteFile(file, []byte(b.Text), 0o644), os.WriteFile(filepath.Join(dir, "lvsdns.yml"), rules, 0o644),
	); err != nil {
		return err
	}
	out, err := exec.Command("promtool", "check", "config", file).CombinedOutput()
	if err == nil && !strings.Contains(string(out), "1 rule files found") {
		err = errors.New("the rules of alerts/ are not in it")
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// inNamespace runs a shell in a network namespace that has a virtual address, and with a /etc of its own.
func inNamespace(t *testing.T) func(Block) error {
	if os.Getuid() != 0 {
		t.Skip("making namespaces takes root")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "../../cmd/lvsdns").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return func(b Block) error {
		const prepare = "mount -t tmpfs none /etc && ip link set lo up && ip address add 192.168.1.100/32 dev lo || exit 90\n"
		cmd := exec.Command("unshare", "--net", "--mount", "bash", "-euo", "pipefail", "-c", prepare+b.Text)
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
}
