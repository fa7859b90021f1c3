package journal

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSayOnce: trouble is said once until all is well again, and a warning is another thing.
func TestSayOnce(t *testing.T) {
	j := newJournal(t)
	for n, tt := range []struct {
		do   func() bool
		news bool
	}{
		{func() bool { return j.SayOnce("full") }, true},
		{func() bool { return j.SayOnce("full") }, false},
		{func() bool { return j.WarnOnce("full") }, true},
		{func() bool { return j.WarnOnce("full") }, false},
		{func() bool { return j.SayOnce("read-only") }, true},
		{func() bool { return j.SayOnce("full") }, true},
		{func() bool { j.AllWell(); return j.SayOnce("full") }, true},
		{func() bool { j.AllWell(); return j.WarnOnce("full") }, false},
		{func() bool { return j.WarnOnce("") }, true},
		{func() bool { return j.SayOnce("") }, true},
	} {
		if got := tt.do(); got != tt.news {
			t.Errorf("step %d: %t", n, got)
		}
	}
	// Where nothing can be remembered, it is said every time.
	j = &Journal{StateDir: "/dev/null/lib", RunDir: "/dev/null/run"}
	for range 2 {
		if !j.SayOnce("full") {
			t.Error("what can't be remembered is not said")
		}
	}
}

// TestFresh: every change of every file that was read makes what was read old.
func TestFresh(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(file(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		then := time.Unix(1_000_000_000, 0)
		if err := os.Chtimes(file(name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name   string
		change func()
		fresh  bool
	}{
		{"nothing", func() {}, true},
		{"another size", func() { write("b", "longer") }, false},
		{"another time", func() { _ = os.Chtimes(file("a"), time.Time{}, time.Unix(1_000_000_001, 0)) }, false},
		{"another file of the same size and time", func() { write("c", "b"); _ = os.Rename(file("c"), file("b")) }, false},
		{"a file is gone", func() { _ = os.Remove(file("b")) }, false},
		{"a file is there that was not", func() { write("none", "") }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			write("a", "a")
			write("b", "b")
			_ = os.Remove(file("none"))
			c := configuredBy(file("a"), file("b"), file("none"))
			tt.change()
			if got := Fresh(c, file("a")); got != tt.fresh {
				t.Errorf("fresh: %t", got)
			}
		})
	}
	write("a", "a")
	c := configuredBy(file("a"))
	if !Fresh(c, file("a")) || Fresh(c, file("b")) || Fresh(nil, file("a")) || Fresh(configuredBy(), "") {
		t.Error("what was read from elsewhere, or from nowhere, is fresh")
	}
	if s := StampOf(file("gone")); s.Time != -1 || s.Path != file("gone") {
		t.Errorf("%+v", s)
	}
}
