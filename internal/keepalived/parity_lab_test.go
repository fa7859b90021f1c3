//go:build lab

package keepalived_test

import (
	"context"
	"fmt"
	"maps"
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

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestParity runs real keepalived on every sample of its package and on every
// file of testdata/parity, and holds three things against it: the table that
// it programs against [keepalived.Config.Desired], the lines that it complains
// about against the notes, and its dump of servers and checkers against the
// configuration as this package understands it.
func TestParity(t *testing.T) {
	if os.Getenv("LVSDNS_LAB") == "" {
		t.Skip("not in the lab: this changes the kernel's IPVS table")
	}
	version := installed(t)
	own, err := filepath.Glob("testdata/parity/*.conf")
	if err != nil || len(own) < 40 {
		t.Fatalf("testdata/parity has %d files: %v", len(own), err)
	}
	samples, err := filepath.Glob("/usr/share/doc/keepalived/samples/keepalived.conf.*")
	if err != nil || len(samples) < 20 {
		t.Fatalf("keepalived's package has %d samples: %v", len(samples), err)
	}
	for _, name := range slices.Concat(own, samples) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			path, err := filepath.Abs(name)
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := keepalived.Load(path, keepalived.Options{ConfigID: configID, Version: version})
			if err != nil {
				t.Fatal(err)
			}
			fatal := slices.ContainsFunc(cfg.Notes, isFatal)
			if fatal && !slices.Contains(own, name) {
				t.Skip("keepalived does not run with this sample of its own: the notes say why")
			}
			r := runKeepalived(t, path)
			for tries := 0; r.spoiled && tries < 3; tries++ {
				r = runKeepalived(t, path)
			}
			if !r.ready || crashed(r.log) {
				t.Fatalf("no file may bring keepalived down or keep it busy without end: take this one out\n%s", r.log)
			}
			base := filepath.Base(name)
			if fatal || r.broken {
				if fatal != r.broken {
					t.Errorf("a fatal note: %t, a keepalived that does not run: %t\n%s", fatal, r.broken, r.log)
				}
				return
			}
			compare(t, base, version, "table", render(cfg.Desired(keepalived.AtStart)), r.table)
			compare(t, base, version, "complaints", placesOf(cfg.Notes, r.complaints), r.complaints)
			if strings.Contains(r.log, "Starting BFD child process") {
				t.Log("belief: not compared: the BFD process writes its dump into the same log, line between line")
			} else {
				compare(t, base, version, "belief", believed(cfg), beliefOf(t, r.log))
			}
			if t.Failed() {
				t.Logf("keepalived's log:\n%s", r.log)
			}
		})
	}
}

// compare reports lines that only one side has, but for the explained ones.
func compare(t *testing.T, name, version, what string, ours, theirs []string) {
	t.Helper()
	count := map[string]int{}
	for _, line := range ours {
		count["+ "+line]++
	}
	for _, line := range theirs {
		if plus := "+ " + line; count[plus] > 0 {
			count[plus]--
		} else {
			count["- "+line]++
		}
	}
	for _, line := range slices.Sorted(maps.Keys(count)) {
		for range count[line] {
			if why := explained(name, version, what, line); why != "" {
				t.Logf("%s: %s: %s", what, line, why)
				continue
			}
			t.Errorf("%s: %s\n(+ only this package, - only keepalived)", what, line)
		}
	}
}

// run is what real keepalived made of a configuration.
type run struct {
	log        string
	ready      bool // it came to an end of some kind
	broken     bool // it gave up
	spoiled    bool // a check ran before it was frozen
	table      []string
	complaints []string
}

// runKeepalived starts the checker process alone, lets it program the table
// and freezes it before a check can run.
func runKeepalived(t *testing.T, path string) run {
	t.Helper()
	cmd, log, exited := startKeepalived(t, "-d", "-i", configID, "-f", path)
	var r run
	r.log, r.ready = settled(t, log, exited, time.Minute)
	r.broken = isBroken(r.log)
	// The parent first, which would start another; then the child, which would
	// empty the table if its parent died.
	cmd.Process.Signal(syscall.SIGSTOP)
	for _, m := range regexp.MustCompile(`Starting Healthcheck child process, pid=(\d+)`).FindAllStringSubmatch(r.log, -1) {
		pid, _ := strconv.Atoi(m[1])
		syscall.Kill(pid, syscall.SIGKILL)
	}
	cmd.Process.Kill()

	late, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	r.spoiled = regexp.MustCompile(`(Remov|Disabl)ing service`).Match(late)
	r.table = ipvsTable(t, hasThresholds(t, path))
	r.complaints = complaints(r.log, path)
	if len(r.table) > 0 {
		command(t, "ipvsadm", "-C")
	}
	return r
}

// startKeepalived starts it for virtual servers only, in the foreground, with a log of all details and pid files of its own.
func startKeepalived(t *testing.T, args ...string) (cmd *exec.Cmd, log string, exited <-chan error) {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd = exec.Command("keepalived", append([]string{"-C", "-n", "-l", "-D",
		"-p", filepath.Join(dir, "pid"), "-c", filepath.Join(dir, "checkers.pid")}, args...)...)
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return cmd, file.Name(), ended
}

// hasThresholds spares the second listing: a process costs much in the lab.
func hasThresholds(t *testing.T, path string) bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), "threshold")
}

// isBroken reports whether a log shows that keepalived does not run.
func isBroken(log string) bool { return strings.Contains(log, "exited with permanent error") }

// crashed reports whether it shows that a process of keepalived has died.
func crashed(log string) bool {
	return strings.Contains(log, "segmentation fault") || strings.Contains(log, "died: Respawning")
}

// settled waits until the log shows that the table is programmed and the dump
// written, or that keepalived has nothing to do, or has ended. It is not ready
// when nothing of this happens.
func settled(t *testing.T, name string, exited <-chan error, patience time.Duration) (log string, ready bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		if isBroken(text) || crashed(text) || strings.Contains(text, "no configuration to run") ||
			strings.Contains(text, "Startup complete") && strings.Contains(text, "Activating BFD healthchecker") {
			return text, true
		}
		select {
		case <-exited:
			b, _ := os.ReadFile(name)
			return string(b), true
		default:
		}
		if time.Now().After(deadline) {
			return text, false
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func installed(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`Keepalived v(\S+)`).FindStringSubmatch(command(t, "keepalived", "--version"))
	if m == nil {
		t.Fatal("keepalived does not tell its version")
	}
	return m[1]
}

// ipvsTable is ipvsadm -Sn, sorted, with the thresholds that only the other
// listing has.
func ipvsTable(t *testing.T, thresholds bool) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(command(t, "ipvsadm", "-Sn")) {
		lines = append(lines, strings.TrimSpace(line))
	}
	// Prot LocalAddress:Port, then -> RemoteAddress:Port Uthreshold Lthreshold …
	// in the order of the other listing.
	var limits [][]string
	if !thresholds {
		slices.Sort(lines)
		return lines
	}
	for line := range strings.Lines(command(t, "ipvsadm", "-Ln", "--thresholds")) {
		if f := strings.Fields(line); len(f) > 3 && f[0] == "->" && f[1] != "RemoteAddress:Port" {
			limits = append(limits, f)
		}
	}
	i := 0
	for n, line := range lines {
		if !strings.HasPrefix(line, "-a ") {
			continue
		}
		if i < len(limits) && (limits[i][2] != "0" || limits[i][3] != "0") {
			lines[n] += fmt.Sprintf(" -x %s -y %s", limits[i][2], limits[i][3])
		}
		i++
	}
	if i != len(limits) {
		t.Fatalf("ipvsadm lists %d real servers with thresholds and %d without", len(limits), i)
	}
	slices.Sort(lines)
	return lines
}

var (
	stamp     = regexp.MustCompile(`(?m)^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}: `)
	complaint = regexp.MustCompile(`^\((?:(\S+): )?Line (\d+)\) (.*)$`)
)

// complaints are the lines of the log that name a line of a file: the place,
// and the keyword if it is one that keepalived does not know.
func complaints(log, path string) []string {
	var all []string
	for line := range strings.Lines(stamp.ReplaceAllString(log, "")) {
		m := complaint.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if m[1] == "" { // The parent does not name the only file.
			m[1] = path
		}
		place := filepath.Base(m[1]) + ":" + m[2]
		if word, ok := strings.CutPrefix(m[3], "Unknown keyword '"); ok {
			place += " " + strings.TrimSuffix(word, "'")
		}
		all = append(all, place)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
