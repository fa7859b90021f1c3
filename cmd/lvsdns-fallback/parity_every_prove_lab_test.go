//go:build lab && prove

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/labtest"
)

// pairs is how many configurations are under way at a time: most of the time is waiting for checks.
const pairs = 4

// TestParityOfEveryConfiguration runs every file of the parser's tests and every sample of keepalived's package under real keepalived
// and under lvsdns-fallback, each in a network namespace of its own, and compares what the two kernels' tables have after the same
// checks have passed and failed. So that the checks can be told what to find, each block of a checker is replaced by a script for
// the first, second … real server of its virtual server; all else of the file stays.
func TestParityOfEveryConfiguration(t *testing.T) {
	dir, err := filepath.Abs("../../internal/keepalived/testdata/parity")
	if err != nil {
		t.Fatal(err)
	}
	own, _ := filepath.Glob(dir + "/*.conf")
	samples, _ := filepath.Glob("/usr/share/doc/keepalived/samples/keepalived.conf.*")
	if len(own) < 40 || len(samples) < 20 {
		t.Fatalf("%d configurations and %d samples", len(own), len(samples))
	}
	t.Run("own", func(t *testing.T) { parityOf(t, own, 34) })
	t.Run("samples", func(t *testing.T) { parityOf(t, samples, 18) })
}

// parityOf fails if fewer than least of them could be compared: the rest says why.
func parityOf(t *testing.T, names []string, least int) {
	t.Helper()
	var compared atomic.Int64
	lab := labtest.New(t)
	lab.Install("lvsdns-fallback", "/usr/bin/lvsdns-fallback")
	version, err := lab.Director("version").Run(t.Context(), "sh", "-c", "keepalived --version 2>&1")
	if err != nil {
		t.Fatal(err)
	}
	release := regexp.MustCompile(`Keepalived v(\S+)`).FindStringSubmatch(version)[1]
	files := make(chan string, len(names))
	var all sync.WaitGroup
	for n := range pairs {
		e := &every{t: t, lab: lab, compared: &compared, release: release, up: filepath.Join(lab.Dir(), fmt.Sprint("up", n))}
		lan := lab.LAN(fmt.Sprint("lan", n), fmt.Sprintf("192.168.%d.0/24", n+1))
		e.stock = lab.Director(fmt.Sprint("stock", n), lan.At(fmt.Sprintf("192.168.%d.11", n+1)))
		e.ours = lab.Director(fmt.Sprint("ours", n), lan.At(fmt.Sprintf("192.168.%d.12", n+1)))
		all.Go(func() {
			for name := range files {
				e.file(name)
			}
		})
	}
	for _, name := range names {
		files <- name
	}
	close(files)
	all.Wait()
	t.Logf("%d of %d configurations compared, in %d stages each", compared.Load(), len(names), len(everyStage))
	if int(compared.Load()) < least {
		t.Errorf("fewer than %d", least)
	}
}

// every is a pair of directors.
type every struct {
	t           *testing.T
	lab         *labtest.Lab
	release     string
	stock, ours *labtest.Host
	compared    *atomic.Int64
	up          string // the beginning of the names of files that are there while a real server passes
}

// blocked are the configurations that are not taken as a whole, and why.
var blocked = map[string]string{
	"nftables.conf":       "the marks of its groups need keepalived's own nftables rules",
	"sequences-lost.conf": "what keepalived makes of its sequences changes with each reload",
	"suspend.conf":        "before its first check, which ha_suspend keeps from running, a real server serves with keepalived and waits with lvsdns-fallback",
}

var everyStage = []struct {
	name string
	up   func(n int) bool // the n-th real server of a virtual server, from 1
}{
	{"all up", func(int) bool { return true }},
	{"one down", func(n int) bool { return n != 1 }},
	{"all but one down", func(n int) bool { return n == 1 }},
	{"all down", func(int) bool { return false }},
	{"all back", func(int) bool { return true }},
}

const most = 40 // real servers of a virtual server

func (e *every) file(name string) {
	base := filepath.Base(name)
	dir := filepath.Join(e.lab.Dir(), "conf", base)
	file, err := e.scripted(name, dir)
	switch {
	case err != nil:
		e.t.Logf("%s: not run: %v", base, err)
		return
	case blocked[base] != "":
		e.t.Logf("%s: not run: %s", base, blocked[base])
		return
	}
	e.set(everyStage[0].up)
	pid := func(s string) string { return "--" + s + "=" + filepath.Join(dir, s) }
	k := e.stock.Start("keepalived", "--dont-fork", "--log-console", "--log-detail", "--check", "--config-id=lab", "--use-file="+file, pid("pid"), pid("checkers_pid"), pid("bfd_pid"))
	p := e.ours.Start("/usr/bin/lvsdns-fallback", "run", "--keepalived-config", file, "--config-id", "lab", "--skip-unknown-keywords", "--keepalived-version", e.release,
		"--checkers-pid-file", "", "--lock-file", filepath.Join(dir, "lock"), "--state-file", "", "--interval", "1s")
	defer e.clear(k, p)
	lines := []string{}
	for _, s := range everyStage {
		e.set(s.up)
		time.Sleep(3500 * time.Millisecond) // three runs of each check
		got, want := e.agreed()
		if got != want {
			log := p.Log()
			e.t.Errorf("%s: %s: lvsdns-fallback has\n%s\nkeepalived\n%s\n%s", base, s.name, got, want, log[max(0, len(log)-3000):])
			return
		}
		lines = append(lines, fmt.Sprintf("%s %d", s.name, strings.Count(want, "-a ")))
	}
	if !p.Running() {
		log := p.Log()
		e.t.Logf("%s: not run: %s", base, log[strings.LastIndex(strings.TrimSpace(log), "\n")+1:])
		return
	}
	e.compared.Add(1)
	e.t.Logf("%s: %s", base, strings.Join(lines, ", "))
}

// agreed are both tables when they are the same and stay so, or after a while in which they were not.
func (e *every) agreed() (got, want string) {
	same := 0
	for range 60 {
		got, want = sorted(e.t, e.ours), sorted(e.t, e.stock)
		if same++; got != want {
			same = 0
		}
		if same == 3 {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	return got, want
}

func sorted(t *testing.T, h *labtest.Host) string {
	out, err := h.Run(t.Context(), "ipvsadm", "-Sn")
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (e *every) set(up func(int) bool) {
	for n := 1; n <= most; n++ {
		name := fmt.Sprint(e.up, "-", n)
		if !up(n) {
			_ = os.Remove(name)
		} else if err := os.WriteFile(name, nil, 0o644); err != nil {
			e.t.Error(err)
		}
	}
}

// clear ends both, and begins with empty tables and logs.
func (e *every) clear(k, p *labtest.Process) {
	p.Kill()
	k.Stop()
	for _, h := range []*labtest.Host{e.stock, e.ours} {
		_, _ = h.Run(e.t.Context(), "ipvsadm", "-C")
		_, _ = h.Run(e.t.Context(), "sh", "-c", "rm -f *.log; ipvsadm --set 900 120 300")
	}
}

var (
	checkerLine = regexp.MustCompile(`^\s*(MISC_CHECK|DNS_CHECK|TCP_CHECK|UDP_CHECK|HTTP_GET|SSL_GET|SMTP_CHECK|PING_CHECK|FILE_CHECK|BFD_CHECK)\b`)
	timingLine  = regexp.MustCompile(`^\s*(delay_loop|warmup|retry|delay_before_retry)\b`)
	virtualLine = regexp.MustCompile(`^\s*virtual_server\s`)
	realLine    = regexp.MustCompile(`^\s*real_server\s`)
)

// scripted writes the configuration with other checkers, and what it includes. It is an error if the table would be another.
func (e *every) scripted(name, dir string) (string, error) {
	if err := os.MkdirAll(filepath.Join(dir, "include"), 0o755); err != nil {
		return "", err
	}
	included, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "include/*"))
	for _, from := range append(included, name) {
		text, err := os.ReadFile(from)
		if err != nil {
			continue // a directory
		}
		to := filepath.Join(dir, "include", filepath.Base(from))
		text = []byte(e.rewrite(string(text)))
		if from == name {
			to = filepath.Join(dir, filepath.Base(from))
			text = append([]byte("global_defs {\n\tscript_user root\n\tenable_script_security\n}\n"), text...)
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return "", err
		}
	}
	to := filepath.Join(dir, filepath.Base(name))
	options := keepalived.Options{ConfigID: "lab", Version: e.release}
	before, err := keepalived.Load(name, options)
	if err != nil {
		return "", fmt.Errorf("keepalived does not start with it: %w", err)
	}
	after, err := keepalived.Load(to, options)
	if err != nil {
		return "", err
	}
	if a, b := targets(before), targets(after); a != b {
		return "", fmt.Errorf("its checkers cannot be replaced line by line:\n%s\n%s", a, b)
	}
	return to, nil
}

// targets is the table with all up.
func targets(c *keepalived.Config) string {
	var b strings.Builder
	for _, s := range c.Table(keepalived.State{}) {
		fmt.Fprint(&b, s.Addr, s.Port, s.Protocol, s.FWMark)
		for _, d := range s.Destinations {
			fmt.Fprint(&b, " ", d.Addr, d.Port, "=", d.Weight)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (e *every) rewrite(text string) string {
	var out []string
	lines := strings.Split(text, "\n")
	server, open := 0, false // open: the brace of a virtual server is yet to come
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case checkerLine.MatchString(line):
			depth, seen := 0, false
			for ; i < len(lines); i++ {
				code := lines[i]
				if at := strings.IndexAny(code, "#!"); at >= 0 {
					code = code[:at]
				}
				seen = seen || strings.Contains(code, "{")
				depth += strings.Count(code, "{") - strings.Count(code, "}")
				if seen && depth <= 0 {
					break
				}
			}
			out = append(out, fmt.Sprintf("MISC_CHECK {\nmisc_path \"/usr/bin/test -e %s-%d\"\nmisc_timeout 10\ndelay_loop 1\nwarmup 0\nretry 0\n}", e.up, server))
			for ; depth < 0; depth++ {
				out = append(out, "}")
			}
			continue
		case timingLine.MatchString(line):
			continue
		case virtualLine.MatchString(line):
			server, open = 0, true
		case realLine.MatchString(line):
			server++
		}
		out = append(out, line)
		if open && strings.HasSuffix(strings.TrimSpace(line), "{") {
			open = false
			out = append(out, "delay_loop 1\nwarmup 0\nretry 0")
		}
	}
	return strings.Join(out, "\n")
}
