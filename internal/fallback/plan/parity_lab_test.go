//go:build lab

package plan_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/apply"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// unlike are the configurations where the table differs from keepalived's, and why.
var unlike = map[string]string{
	"nftables.conf":       "blocked: the marks of its groups need keepalived's own nftables rules",
	"checkers-http.conf":  "blocked: options of PCRE",
	"sequences-lost.conf": "blocked: what keepalived makes of its sequences changes with each reload",
}

// TestStartParity is the short form of what make prove does with every configuration.
func TestStartParity(t *testing.T) {
	startParity(t, "groups-shared", "persistence", "tunnels", "sorry")
}

// startParity holds the table of a plan that is carried out on an empty kernel against the one that real keepalived programs
// from the same file at its start, line for line. Without names it takes every file of the parser's tests and every sample.
func startParity(t *testing.T, names ...string) {
	t.Helper()
	if os.Getenv("LVSDNS_LAB") == "" {
		t.Skip("not in the lab: this changes the kernel's IPVS table")
	}
	own, _ := filepath.Glob("../../keepalived/testdata/parity/*.conf")
	samples, _ := filepath.Glob("/usr/share/doc/keepalived/samples/keepalived.conf.*")
	if len(own) < 40 || len(samples) < 20 {
		t.Fatalf("%d configurations and %d samples", len(own), len(samples))
	}
	files := slices.Concat(own, samples)
	if names != nil {
		files = nil
		for _, name := range names {
			files = append(files, "../../keepalived/testdata/parity/"+name+".conf")
		}
	}
	version := regexp.MustCompile(`Keepalived v(\S+)`).FindStringSubmatch(output(t, "keepalived", "--version"))
	for _, name := range files {
		base := filepath.Base(name)
		t.Run(base, func(t *testing.T) {
			path, err := filepath.Abs(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := keepalived.Load(path, keepalived.Options{ConfigID: "lab", Version: version[1]})
			if err != nil {
				t.Fatal(err)
			}
			blocks, err := plan.Blocks(c, plan.Options{SkipUnknown: true})
			if err != nil {
				t.Logf("not taken: %v", err)
				return
			}
			want, ok := ofKeepalived(t, path)
			if !ok && names != nil {
				t.Fatal("keepalived does not run with this file")
			}
			if !ok {
				t.Skip("keepalived does not run with this file, although nothing in it is fatal")
			}
			got := ofPlan(t, c, blocks)
			if why := unlike[base]; why != "" {
				t.Logf("%s", why)
				return
			}
			if len(blocks) > 0 {
				t.Errorf("blocked: %v", blocks)
			}
			if got != want {
				t.Errorf("ipvsadm -Sn by the plan:\n%s\nby keepalived:\n%s", got, want)
			}
		})
	}
}

// ofPlan programs an empty kernel and looks at it.
func ofPlan(t *testing.T, c *keepalived.Config, blocks []plan.Block) string {
	t.Helper()
	client := ipvs.New(ipvs.Config{})
	defer client.Close()
	look := func() plan.Plan {
		table, err := client.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		limits, err := client.Timeouts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return plan.Make(plan.Input{
			Config: c, Names: plan.NamesOf(c), Blocked: blocks, Kernel: table, Timeouts: limits,
			State: keepalived.State{Server: func(v *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
				return keepalived.Standing{Up: keepalived.AtStart(v, r), Weight: r.Weight.V}
			}},
		})
	}
	// What the kernel refuses, keepalived's next command follows all the same.
	p := look()
	for _, s := range p.Steps {
		if s.Action == plan.StartDaemon {
			continue // the interface is not in this lab
		}
		if _, err := apply.Steps(t.Context(), client, []plan.Step{s}); err != nil {
			t.Logf("%v", err)
		}
	}
	return table(t)
}

// table is ipvsadm -Sn, sorted: the kernel lists by its hash tables, in which order of writing shows. It is emptied then.
func table(t *testing.T) string {
	t.Helper()
	lines := strings.Split(output(t, "ipvsadm", "-Sn"), "\n")
	slices.Sort(lines)
	output(t, "ipvsadm", "-C")
	return strings.Join(lines, "\n")
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// ofKeepalived lets the checker process program the kernel and ends it before a check can run.
func ofKeepalived(t *testing.T, path string) (string, bool) {
	t.Helper()
	for range 4 {
		if lines, log := startKeepalived(t, path); !strings.Contains(log, "Removing service") && !strings.Contains(log, "Disabling service") {
			// The checker's last line may come before or after its parent's.
			return lines, strings.Contains(log, "Startup complete") || strings.Contains(log, "Activating BFD healthchecker") || strings.Contains(log, "no configuration to run")
		}
	}
	t.Fatal("a check always ran before keepalived was stopped")
	return "", false
}

var child = regexp.MustCompile(`Starting Healthcheck child process, pid=(\d+)`)

func startKeepalived(t *testing.T, path string) (lines, text string) {
	t.Helper()
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("keepalived", "-C", "-n", "-l", "-D", "-i", "lab", "-f", path, "-p", filepath.Join(dir, "pid"), "-c", filepath.Join(dir, "checkers.pid"))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	read := func() string {
		b, err := os.ReadFile(log.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
wait:
	for range 1500 {
		text = read()
		programmed := strings.Contains(text, "Activating BFD healthchecker") || strings.Count(text, "already exists") > 1000
		// A child whose number its parent has not said yet would not be killed, and would empty the table.
		if programmed && child.MatchString(text) || strings.Contains(text, "no configuration to run") {
			break
		}
		select {
		case <-exited:
			break wait
		case <-time.After(20 * time.Millisecond):
		}
	}
	// The parent first, which would start another; then the child, which would empty the table if its parent died.
	_ = cmd.Process.Signal(syscall.SIGSTOP)
	for _, m := range child.FindAllStringSubmatch(read(), -1) {
		pid, _ := strconv.Atoi(m[1])
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = cmd.Process.Kill()
	<-exited
	text = read()
	return table(t), text
}
