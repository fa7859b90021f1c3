package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

func newJournal(t *testing.T) *Journal {
	dir := t.TempDir()
	return &Journal{StateDir: filepath.Join(dir, "lib"), RunDir: filepath.Join(dir, "run"), Boot: "boot"}
}

// mostPast is how many events package notify keeps to be shown.
const mostPast = usualPast - 1

func event(s notify.Subject, state notify.State, n int) notify.Event {
	mark := notify.Mark{Born: time.Duration(n) * 10 * time.Millisecond, PID: n}
	return notify.Event{Subject: s, State: state, Source: notify.Script, Mark: mark, At: time.Unix(int64(n), 0)}
}

func noSettle(*notify.Document) {}

// TestMain makes this binary a hook: "append JOURNAL-DIR N [STEP]" notes event N, and kills itself at a step.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "append" {
		os.Exit(appendOne(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func appendOne(args []string) int {
	n, _ := strconv.Atoi(args[1])
	j := &Journal{StateDir: filepath.Join(args[0], "lib"), RunDir: filepath.Join(args[0], "run"), Boot: "boot", Wait: time.Minute}
	if len(args) > 2 {
		j.step = func(step string) {
			if step == args[2] {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				time.Sleep(time.Minute)
			}
		}
	}
	state := notify.Master
	if n%2 == 0 {
		state = notify.Backup
	}
	_, err := j.Append(event(notify.Subject{Kind: notify.Instance, Name: "VI"}, state, n), noSettle)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func TestJournal(t *testing.T) {
	j := newJournal(t)
	vi := notify.Subject{Kind: notify.Instance, Name: "VI"}
	if d, err := j.Read(); err != nil || d.Generation != 0 {
		t.Fatalf("no journal yet: %+v %v", d, err)
	}
	if _, err := j.Update(func(d *notify.Document) {
		for n := range 2*mostPast - 1 {
			d.Add(event(vi, []notify.State{notify.Master, notify.Backup}[n%2], n+1))
		}
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(event(vi, notify.Backup, 2*mostPast), noSettle); err != nil {
		t.Fatal(err)
	}
	d, err := j.Read()
	if err != nil {
		t.Fatal(err)
	}
	if h := d.History(); len(h) != mostPast || h[len(h)-1].PID != 2*mostPast {
		t.Errorf("history of %d", len(h))
	}
	if r := d.Record(vi); r.Said != notify.Backup || r.Total() != 2*mostPast || len(r.Recent) != usualRecent-1 {
		t.Errorf("%+v", r)
	}
	j.Boot = "another"
	d, err = j.Update(noSettle)
	if r := d.Record(vi); err != nil || r.Said != "" || r.Total() != 2*mostPast {
		t.Errorf("after a reboot: %+v %v", r, err)
	}
}

// TestKillAtEachStep ends a writer at each step: what is left is the old journal or the new one, and the next writer goes on.
func TestKillAtEachStep(t *testing.T) {
	for i, step := range []string{"created", "written", "synced", "renamed"} {
		dir := t.TempDir()
		j := &Journal{StateDir: filepath.Join(dir, "lib"), RunDir: filepath.Join(dir, "run"), Boot: "boot"}
		self := os.Args[0]
		if out, err := exec.Command(self, "append", dir, "1").CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		before, _ := os.ReadFile(j.Path())
		err := exec.Command(self, "append", dir, "2", step).Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("%s: %v", step, err)
		}
		d, err := j.Read()
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		after, _ := os.ReadFile(j.Path())
		if isNew := i >= 3; isNew != (d.Generation == 2) || isNew == bytes.Equal(before, after) {
			t.Errorf("killed when %s: generation %d", step, d.Generation)
		}
		if out, err := exec.Command(self, "append", dir, "3").CombinedOutput(); err != nil {
			t.Errorf("after a kill when %s: %v %s", step, err, out)
		}
		entries, _ := os.ReadDir(j.StateDir)
		if d, err = j.Read(); err != nil || d.Record(notify.Subject{Kind: notify.Instance, Name: "VI"}).Said != notify.Master || len(entries) != 1 {
			t.Errorf("after a kill when %s: %+v %v %v", step, d, err, entries)
		}
	}
}

// TestManyAtOnce has 200 processes note an event each. Nothing is lost and nothing is left behind.
func TestManyAtOnce(t *testing.T) {
	const many = 200
	dir := t.TempDir()
	var wg sync.WaitGroup
	for n := many; n >= 1; n-- {
		wg.Go(func() {
			if out, err := exec.Command(os.Args[0], "append", dir, strconv.Itoa(n)).CombinedOutput(); err != nil {
				t.Errorf("%d: %v %s", n, err, out)
			}
		})
	}
	wg.Wait()
	j := &Journal{StateDir: filepath.Join(dir, "lib"), RunDir: filepath.Join(dir, "run"), Boot: "boot"}
	d, err := j.Update(noSettle)
	if err != nil || d.Generation != many || len(d.History()) != mostPast {
		t.Fatalf("%d events, %v", d.Generation, err)
	}
	if r := d.Record(notify.Subject{Kind: notify.Instance, Name: "VI"}); r.Said != notify.Backup {
		t.Errorf("%+v", r)
	}
	left, _ := os.ReadDir(filepath.Join(j.RunDir, spoolDir))
	if l, err := TryLock(j.RunDir, journalLock); l == nil || len(left) != 0 {
		t.Errorf("lock %v %v, left %v", l, err, left)
	}
}

func TestBadJournals(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "half": `journal 1 "boot" 7`, "no journal": "hello\nend\n", "another version": "journal 99 \"b\" 1 0 0 0 \"\"\nend\n",
		"a short record": "journal 1 \"b\" 1 0 0 0 \"\"\nrecord instance\nend\n", "zeros": strings.Repeat("\x00", 4096),
		"no such line": "journal 1 \"b\" 1 0 0 0 \"\"\nwhat 1\nend\n", "JSON": "{\"version\":1}\n",
	} {
		j := newJournal(t)
		if err := os.MkdirAll(j.StateDir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(j.Path(), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		vi := notify.Subject{Kind: notify.Instance, Name: "VI"}
		d, err := j.Append(event(vi, notify.Master, 1), noSettle)
		var journal *Error
		if !errors.As(err, &journal) || d.Record(vi).Said != notify.Master || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v %+v", name, err, d)
		}
		if _, err := j.Append(event(vi, notify.Backup, 2), noSettle); err != nil {
			t.Errorf("%s: it is said once: %v", name, err)
		}
		if bad, err := os.ReadFile(j.Path() + ".bad"); err != nil || string(bad) != text {
			t.Errorf("%s: what was there is gone: %q %v", name, bad, err)
		}
	}
}

// TestNoPlace has directories that can't be written to; root can, so a file stands in the way. Without a run directory the locks are
// beside the journal.
func TestNoPlace(t *testing.T) {
	for _, where := range []string{"lib", "run", "both"} {
		dir := t.TempDir()
		j := &Journal{StateDir: filepath.Join(dir, "lib"), RunDir: filepath.Join(dir, "run")}
		if where == "both" {
			j.RunDir = j.StateDir
		}
		if err := os.WriteFile(filepath.Join(dir, strings.Replace(where, "both", "lib", 1)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		d, err := j.Append(event(notify.Subject{Kind: notify.Instance, Name: "VI"}, notify.Master, 1), noSettle)
		var journal *Error
		if errors.As(err, &journal) == (where == "run") || d == nil || d.Generation != 1 {
			t.Errorf("%s: %v %+v", where, err, d)
		}
		locks, trouble := j.Locks()
		if (trouble == nil) == (where != "lib") || (locks == j.StateDir) != (where != "lib") {
			t.Errorf("%s: locks in %s, %v", where, locks, trouble)
		}
	}
}

func TestBusy(t *testing.T) {
	j := newJournal(t)
	j.Wait = 10 * time.Millisecond
	lock, err := j.tryLock()
	if err != nil {
		t.Fatal(err)
	}
	vi := notify.Subject{Kind: notify.Instance, Name: "VI"}
	if d, err := j.Append(event(vi, notify.Master, 1), noSettle); d != nil || err != nil {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := j.Update(noSettle); !errors.Is(err, errBusy) {
		t.Error(err)
	}
	lock.Release()
	d, err := j.Append(event(vi, notify.Backup, 2), noSettle)
	if err != nil || d.Generation != 2 || d.Record(vi).Said != notify.Backup || d.Late != 0 {
		t.Errorf("the event that was left: %+v %v", d, err)
	}
}
