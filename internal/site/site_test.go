package site_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
)

// TestRead has names that are relative, and what a reading rests on.
func TestRead(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{"etc/keepalived.conf": "include conf.d/a.conf\ninclude none.conf\ninstance a\n", "etc/conf.d/a.conf": "\n"})
	t.Chdir(filepath.Join(root, "etc"))
	for _, tt := range []struct {
		name string
		k    site.Keepalived
		want string // the file
	}{
		{"where the operator stands", site.Keepalived{File: "keepalived.conf", Version: "2.3.4"}, filepath.Join(root, "etc/keepalived.conf")},
		{"in another file system there is no such place", site.Keepalived{File: "etc/keepalived.conf", Root: root, Version: "2.3.4"}, "/etc/keepalived.conf"},
	} {
		r, err := tt.k.Read()
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if r.Files[0] != tt.want || r.Version != "2.3.4" || r.NoVersion != nil || r.PIDFile != "/run/keepalived/keepalived_a.pid" {
			t.Errorf("%s: %v, version %s, %v, %s", tt.name, r.Files, r.Version, r.NoVersion, r.PIDFile)
		}
		for _, name := range []string{"keepalived.conf", "conf.d/a.conf", "none.conf"} {
			if !slices.Contains(r.Looked, filepath.Join(root, "etc", name)) {
				t.Errorf("%s: it does not rest on %s: %q", tt.name, name, r.Looked)
			}
		}
	}
	r, err := site.Keepalived{File: "/etc/keepalived.conf", Root: root}.Read()
	if err != nil || !errors.Is(r.NoVersion, fs.ErrNotExist) || r.Version != "" {
		t.Errorf("no keepalived: %v, %q, %v", err, r.Version, r.NoVersion)
	}
	for _, name := range []string{"run/keepalived/keepalived_a.pid", "usr/sbin/keepalived"} {
		if !slices.Contains(r.Looked, filepath.Join(root, name)) {
			t.Errorf("it does not rest on %s: %q", name, r.Looked)
		}
	}
	if _, err := (site.Keepalived{File: "/none.conf", Root: root}).Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestElsewhere: which network namespace is meant. The own one is none.
func TestElsewhere(t *testing.T) {
	for _, tt := range []struct {
		conf string
		k    site.Keepalived
		want string
	}{
		{"", site.Keepalived{}, ""},
		{"net_namespace lvsdns-none\n", site.Keepalived{}, "/run/netns/lvsdns-none"},
		{"net_namespace lvsdns-none\nnet_namespace_ipvs lvsdns-ipvs\n", site.Keepalived{}, "/run/netns/lvsdns-ipvs"},
		{"net_namespace lvsdns-none\n", site.Keepalived{NetNS: "lvsdns-said"}, "/run/netns/lvsdns-said"},
		{"", site.Keepalived{NetNS: "../../proc/self/ns/net"}, ""},
		{"net_namespace_ipvs\n", site.Keepalived{Root: "/none"}, "/proc/1/ns/net"},
	} {
		root := t.TempDir()
		write(t, root, map[string]string{"k": tt.conf})
		c, err := keepalived.Load("k", keepalived.Options{FS: os.DirFS(root)})
		if err != nil {
			t.Fatal(err)
		}
		if got := tt.k.Elsewhere(c); got != tt.want {
			t.Errorf("%q %+v: %q, want %q", tt.conf, tt.k, got, tt.want)
		}
	}
}

func TestReadBelief(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{"good": "------< Global definitions >------\n", "bad": "no dump\n"})
	if b, err := site.ReadBelief(filepath.Join(root, "good")); err != nil || len(b.VirtualServers) > 0 {
		t.Errorf("a keepalived without virtual servers: %v %+v", err, b)
	}
	if _, err := site.ReadBelief(filepath.Join(root, "bad")); err == nil || !strings.Contains(err.Error(), "bad is not the keepalived_check.data that keepalived writes after SIGUSR1: ") {
		t.Errorf("another file: %v", err)
	}
	if _, err := site.ReadBelief(filepath.Join(root, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestAsk asks a process of keepalived's name, whose configuration says where it writes.
func TestAsk(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "keepalived")
	script := "cd " + dir + "\ntrap 'echo \"------< Global definitions >------\" > data_check' USR1\necho ready > ready\nwhile :; do sleep 0.05; done\n"
	shell, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, shell, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", script)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	write(t, dir, map[string]string{"k": "global_defs {\nstate_dump_file " + dir + "/data\n}\n", "pid": strconv.Itoa(cmd.Process.Pid) + "\n", "nobody": "4194303\n"})
	c, err := keepalived.Load("k", keepalived.Options{FS: os.DirFS(dir)})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := os.Stat(filepath.Join(dir, "ready")); err != nil; _, err = os.Stat(filepath.Join(dir, "ready")) {
		time.Sleep(10 * time.Millisecond)
	}
	k, b := site.Keepalived{PIDFile: filepath.Join(dir, "pid")}, site.Belief{Interval: time.Hour}
	first, err := b.Ask(t.Context(), k, c)
	if err != nil || first == nil {
		t.Fatal(err)
	}
	if again, err := b.Ask(t.Context(), k, c); again != first || err != nil {
		t.Errorf("a moment later: another pointer, %v", err)
	}
	k.PIDFile = filepath.Join(dir, "nobody")
	if _, err := new(site.Belief).Ask(t.Context(), k, c); !site.Unanswered(err) {
		t.Errorf("nobody is there: %v", err)
	}
	if site.Unanswered(fs.ErrPermission) || site.Unanswered(nil) || !site.Unanswered(context.DeadlineExceeded) {
		t.Error("unanswered is what nobody answers, and nothing else")
	}
}
