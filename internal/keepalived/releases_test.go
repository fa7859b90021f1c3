package keepalived_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// recorded is what real keepalived has made of the files of testdata/parity: a
// table, or that it does not start.
type recorded struct {
	file, version string
	lines         []string
}

const refused = "does not start"

func readRecorded(t *testing.T) []recorded {
	t.Helper()
	text, err := os.ReadFile("testdata/releases.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []recorded
	for _, section := range strings.Split(string(text), "\n== ")[1:] {
		head, table, _ := strings.Cut(section, "\n")
		words := strings.Fields(head)
		for _, version := range words[1:] {
			list = append(list, recorded{words[0], version, strings.FieldsFunc(table, func(c rune) bool { return c == '\n' })})
		}
	}
	if len(list) < 60 {
		t.Fatalf("only %d tables", len(list))
	}
	return list
}

func loadParity(t *testing.T, name, version string) *keepalived.Config {
	t.Helper()
	cfg, err := keepalived.Load(name, keepalived.Options{FS: os.DirFS("testdata/parity"), ConfigID: configID, Version: version})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestReleases holds the tables by release against those that real keepalived
// has programmed from the same files: testdata/releases.txt says which.
func TestReleases(t *testing.T) {
	for _, r := range readRecorded(t) {
		t.Run(r.file+" "+r.version, func(t *testing.T) {
			cfg := loadParity(t, r.file, r.version)
			got := render(cfg.Desired(keepalived.AtStart))
			if slices.ContainsFunc(cfg.Notes, isFatal) {
				got = []string{refused}
			}
			if diff := lineDiff(strings.Join(r.lines, "\n"), strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-keepalived +this package)\n%s", diff)
			}
		})
	}
}

// TestHarmless sees to it that no file here brings keepalived down or keeps it
// busy without end: with each it runs, or it says that it does not and ends.
func TestHarmless(t *testing.T) {
	ends := map[string]bool{}
	for _, r := range readRecorded(t) {
		ends[r.file+" "+r.version] = slices.Equal(r.lines, []string{refused})
	}
	files, err := filepath.Glob("testdata/parity/*.conf")
	if err != nil || len(files) < 40 {
		t.Fatalf("testdata/parity has %d files: %v", len(files), err)
	}
	for _, name := range files {
		for _, version := range []string{"2.2.7", "2.3.3", "2.3.4", "2.4.3"} {
			name := filepath.Base(name)
			if slices.ContainsFunc(loadParity(t, name, version).Notes, isFatal) && !ends[name+" "+version] {
				t.Errorf("%s: keepalived %s does not run with it, and nobody has seen it end by itself: take the file out", name, version)
			}
		}
	}
}

func isFatal(n keepalived.Note) bool { return n.Kind == keepalived.Fatal }

// TestReleaseNotes has what a release makes of a text without a change of the
// table, or what it says about the next one.
func TestReleaseNotes(t *testing.T) {
	for _, tt := range []struct {
		file, version string
		kind          keepalived.NoteKind
		place, text   string
	}{
		{"second-look.conf", "2.2.7", keepalived.Trap, ":10", "before an upgrade write the condition into the line itself"},
		{"second-look.conf", "2.2.7", keepalived.Trap, ":21", `"lb_kind Dind DR"`},
		{"second-look.conf", "2.3.4", keepalived.Trap, ":33", "before an upgrade write the sequence into the line itself"},
		{"second-look.conf", "2.4.3", keepalived.Trap, ":10", "means nothing since keepalived 2.4"},
		{"second-look.conf", "2.4.3", keepalived.Unknown, ":23", `"$W=weight"`},
		{"definitions-braces.conf", "2.4.3", keepalived.Trap, ":10", "write ${RS}"},
		{"sequences-lost.conf", "2.3.3", keepalived.Unresolved, ":6", "a reload may change which"},
		{"sequences-lost.conf", "2.3.3", keepalived.Unresolved, ":13", "a reload may change which"},
		{"sequence-variable.conf", "2.4.3", keepalived.Trap, ":10", "take another name"},
		{"left-out.conf", "2.2.7", keepalived.Trap, ":10", "they change the block at /left-out.conf:6"},
		{"left-out.conf", "2.2.7", keepalived.Trap, ":17", "they change the block at /left-out.conf:2"},
		{"nul.conf", "2.3.4", keepalived.Trap, ":5", "since 2.4 the whole line"},
		{"nul.conf", "2.4.3", keepalived.Ignored, ":5", "ignores the line"},
		{"bfd-multihop.conf", "2.2.7", keepalived.Unknown, ":4", "before 2.2.8"},
		{"sni-name.conf", "2.4.3", keepalived.Unknown, ":17", "before 2.4.4"},
		{"timers.conf", "2.2.7", keepalived.Ignored, ":23", `" -3" is out of range`},
		{"fatal-reload-check-parent.conf", "2.4.3", keepalived.Fatal, ":4", "reload_check_config"},
		{"servers-unseen.conf", "2.2.7", keepalived.Trap, ":7", "starts no checks"},
	} {
		cfg := loadParity(t, tt.file, tt.version)
		if !has(cfg, tt.kind, tt.place, tt.text) {
			t.Errorf("%s %s: no %s note at %s with %q: %v", tt.file, tt.version, tt.kind, tt.place, tt.text, cfg.Notes)
		}
	}
}

// TestOwnWords has keywords that came with a release.
func TestOwnWords(t *testing.T) {
	if cfg := loadParity(t, "bfd-multihop.conf", "2.2.8"); len(cfg.Notes) > 0 {
		t.Errorf("multihop in 2.2.8: %v", cfg.Notes)
	}
	// Alone sni_name switches SNI on (sni_name_handler() in check_http.c, after 2.4.3).
	cfg := loadParity(t, "sni-name.conf", "2.4.4")
	named, alone := cfg.VirtualServers[0].RealServers[0].Checkers[0].HTTP, cfg.VirtualServers[0].RealServers[1].Checkers[0].HTTP
	if len(cfg.Notes) > 0 || !named.SNI.V || named.SNIName.V != "www.example.com" || !alone.SNI.V || alone.SNIName.IsSet() {
		t.Errorf("sni_name: %+v, %+v, %v", named.SNI, alone.SNI, cfg.Notes)
	}
	timers := loadParity(t, "timers.conf", "2.2.7").VirtualServers[0]
	first, second, third := timers.RealServers[0].Checkers[0], timers.RealServers[1].Checkers[0], timers.RealServers[2].Checkers[0]
	for _, tt := range []struct{ what, got, want string }{
		{"delay_loop", timers.DelayLoop.V.String(), "3s"},
		{"connect_timeout", first.Connect.Timeout.V.String(), "2s"},
		{"warmup", first.Warmup.V.String(), "4s"},
		{"connect_timeout behind a tab", second.Connect.Timeout.V.String(), "2.5s"},
		{"warmup with a sign", second.Warmup.V.String(), "4s"},
		{"a fraction behind a blank", third.DelayBeforeRetry.V.String(), "50ms"},
		{"connect_timeout below zero", third.Connect.Timeout.V.String(), "5s"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.what, tt.got, tt.want)
		}
	}
}
