package hook

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

var errLook = errors.New("no netlink")

// TestRun is how a hook goes on: with settings, with a keepalived.conf that is to be read, with somebody else who acts, and in trouble.
func TestRun(t *testing.T) {
	vi := notify.Subject{Kind: notify.Instance, Name: "VI"}
	for _, tt := range []struct {
		name            string
		settings, stale bool
		reader          string // "", "works" or "hangs"
		unwritable      bool
		look            error
		want            Next
		trouble         string // empty: none
	}{
		{name: "nothing to do", want: Done},
		{name: "actions", settings: true, want: Settle},
		{name: "keepalived.conf has changed", stale: true, want: Settle},
		{name: "keepalived.conf has changed, and the reader does it", stale: true, reader: "works", want: Done},
		{name: "actions, and the reader does them", settings: true, reader: "works", want: Done},
		{name: "actions, and the reader hangs", settings: true, reader: "hangs", want: Settle, trouble: "does not say that it is at work"},
		{name: "the reader does not know of it", settings: true, reader: "works", unwritable: true, want: Settle, trouble: "journal: "},
		{name: "nothing to do, and no journal", unwritable: true, stale: true, want: Settle, trouble: "journal: "},
		{name: "addresses can't be read", look: errLook, want: Done, trouble: "no netlink"},
		{name: "actions, and addresses can't be read", settings: true, look: errLook, want: Settle, trouble: "no netlink"},
		{name: "keepalived.conf has changed, and nobody looks yet", stale: true, look: errLook, want: Settle},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := func(name string) string { return filepath.Join(dir, name) }
			j := &journal.Journal{StateDir: file("lib"), RunDir: file("run"), Boot: "b", Now: func() time.Time { return time.Unix(7, 0) }}
			if err := os.WriteFile(file("keepalived.conf"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if !tt.stale {
				c := &notify.Configured{File: file("keepalived.conf"), Stamps: []notify.Stamp{journal.StampOf(file("keepalived.conf"))}, Instances: []notify.Owner{{Name: "VI"}}}
				if _, err := j.Update(func(d *notify.Document) { d.Configured = c }); err != nil {
					t.Fatal(err)
				}
			}
			if tt.settings {
				if err := os.WriteFile(file("notify.yaml"), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if tt.reader != "" {
				lock, err := journal.TryLock(j.RunDir, journal.ReaderLock)
				if err != nil || lock == nil {
					t.Fatal(lock, err)
				}
				defer lock.Release()
				if tt.reader == "hangs" {
					lock.Promise(-time.Minute)
				}
			}
			if tt.unwritable {
				j.StateDir = "/dev/null/lib"
			}
			looks := 0
			h := Hook{Journal: j, Settings: file("notify.yaml"), Conf: file("keepalived.conf"), Held: func() ([]notify.Held, error) { looks++; return nil, tt.look }}
			next, err := h.Run(event(vi, notify.Master, 1))
			if next != tt.want || (err == nil) != (tt.trouble == "") || err != nil && !strings.Contains(err.Error(), tt.trouble) {
				t.Errorf("next %v, %v; want %v, %q", next, err, tt.want, tt.trouble)
			}
			if (looks == 0) != (tt.stale || tt.unwritable) { // without a journal nothing is known of keepalived.conf
				t.Errorf("looked %d times", looks)
			}
			if tt.unwritable {
				return
			}
			if d, err := j.Read(); err != nil || d.Generation != 1 || d.Record(vi).Said != notify.Master {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
}

func TestTakePaths(t *testing.T) {
	own := DefaultPaths()
	with := func(change func(*Paths)) Paths { p := own; change(&p); return p }
	for _, tt := range []struct {
		args string
		want Paths
		rest string
	}{
		{"", own, ""},
		{"master VI", own, "master VI"},
		{"--config=/c master", with(func(p *Paths) { p.Settings = "/c" }), "master"},
		{"--config /c --run-dir /r --state-dir=/s --keepalived-config /k x", Paths{"/c", "/k", "/s", "/r"}, "x"},
		{"--config= master", with(func(p *Paths) { p.Settings = "" }), "master"},
		{"--config /a --config /b", with(func(p *Paths) { p.Settings = "/b" }), ""},
		{"master --config /c", own, "master --config /c"},
		{"--unknown=1 --config /c", own, "--unknown=1 --config /c"},
		{"--run-dir", own, "--run-dir"},
		{"-config /c", own, "-config /c"},
		{"config /c", own, "config /c"},
		{"-- --config /c", own, "-- --config /c"},
	} {
		got, rest := TakePaths(strings.Fields(tt.args))
		if got != tt.want || strings.Join(rest, " ") != tt.rest {
			t.Errorf("%q: %+v, rest %q; want %+v, %q", tt.args, got, rest, tt.want, tt.rest)
		}
	}
}

// TestSettleArguments: what a hook hands on is what its other half reads.
func TestSettleArguments(t *testing.T) {
	p := Paths{"/a b/notify.yaml", "/k=1", "", "/run dir"}
	e := event(notify.Subject{Kind: notify.Group, Name: `G "1"`}, notify.Fault, 3)
	for _, said := range []bool{false, true} {
		got, rest := TakePaths(p.Settle(e, said))
		if got != p || rest[0] != "settle" {
			t.Errorf("%+v %q", got, rest)
		}
		if (rest[1] == "--said") != said || len(rest) != map[bool]int{false: 2, true: 3}[said] {
			t.Errorf("said %t: %q", said, rest)
		}
		again, err := notify.DecodeEvent(rest[len(rest)-1])
		if again.At = again.At.Local(); err != nil || again != e {
			t.Errorf("%+v, %v; want %+v", again, err, e)
		}
	}
}

func TestIsEvent(t *testing.T) {
	for word, want := range map[string]bool{
		"INSTANCE": true, "GROUP": true, "master": true, "MASTER": true, "Backup": true, "fault": true, "stop": true, "deleted": true, "master_rx_lower_pri": true,
		"instance": false, "group": false, "show": false, "fifo": false, "": false, "partial": false, "--config": false, "stopped": false,
	} {
		if got := IsEvent(word); got != want {
			t.Errorf("%q: %t", word, got)
		}
	}
}
