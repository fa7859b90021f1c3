package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// TestLeft: events that were left are taken in the order in which keepalived made them; half an event waits for its writer for a while.
func TestLeft(t *testing.T) {
	j := newJournal(t)
	j.Now = func() time.Time { return time.Now() }
	vi := notify.Subject{Kind: notify.Instance, Name: "VI"}
	for _, n := range []int{3, 1, 12, 2} {
		state := []notify.State{notify.Master, notify.Backup}[n%2]
		if _, err := j.leave(event(vi, state, n)); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(j.RunDir, spoolDir)
	write := func(name, text string, age time.Duration) {
		t.Helper()
		path, then := filepath.Join(dir, name), time.Now().Add(-age)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	write(".half", "", 0)
	write(".old", "", time.Hour)
	d, err := j.Update(noSettle)
	if err != nil {
		t.Fatal(err)
	}
	var order []int
	for _, e := range d.History() {
		order = append(order, e.PID)
	}
	if r := d.Record(vi); r.Said != notify.Master || d.Late != 0 || len(order) != 4 || order[0] != 1 || order[3] != 12 {
		t.Errorf("%v, %+v", order, r)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 || left[0].Name() != ".half" {
		t.Errorf("left: %v", left)
	}

	// What is no event is told once, and goes.
	write("1", "nonsense", 0)
	write("2", strings.Repeat("x", maxEvent+1), 0)
	if d, err = j.Update(noSettle); err == nil || !strings.Contains(err.Error(), `"nonsense" is no event`) || d.Generation != 4 {
		t.Errorf("%d events, %v", d.Generation, err)
	}
	if _, err := j.Update(noSettle); err != nil {
		t.Error(err)
	}
}

// TestLeftAndFailed: a journal that could not be written keeps what was left for the next writer.
func TestLeftAndFailed(t *testing.T) {
	j := newJournal(t)
	vi := notify.Subject{Kind: notify.Instance, Name: "VI"}
	if _, err := j.leave(event(vi, notify.Fault, 1)); err != nil {
		t.Fatal(err)
	}
	whole := j.StateDir
	j.StateDir = "/dev/null/lib"
	d, err := j.Update(noSettle)
	if err == nil || d.Record(vi).Said != notify.Fault {
		t.Errorf("%+v, %v", d, err)
	}
	j.StateDir = whole
	if d, err = j.Update(noSettle); err != nil || d.Generation != 1 || d.Record(vi).Said != notify.Fault {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestBoot: the first writer after a boot begins anew, whichever way it writes.
func TestBoot(t *testing.T) {
	vi := notify.Subject{Kind: notify.Instance, Name: "VI"}
	for name, write := range map[string]func(*Journal) (*notify.Document, error){
		"Append": func(j *Journal) (*notify.Document, error) { return j.Append(event(vi, notify.Backup, 1), noSettle) },
		"Update": func(j *Journal) (*notify.Document, error) { return j.Update(noSettle) },
		"unwritten": func(j *Journal) (*notify.Document, error) {
			return j.unwritten(event(vi, notify.Backup, 1), noSettle, os.ErrPermission)
		},
	} {
		j := newJournal(t)
		if _, err := j.Append(event(vi, notify.Master, 900), noSettle); err != nil {
			t.Fatal(err)
		}
		j.Boot = "next"
		d, err := write(j)
		if r := d.Record(vi); d.Boot != "next" || r.Said == notify.Master || d.Late != 0 || (err != nil) != (name == "unwritten") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if id := BootID(); len(id) != 36 || strings.ContainsAny(id, "\n ") {
		t.Errorf("%q", id)
	}
}
