package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/bounded"
)

// loaders read each kind of settings.
var loaders = map[string]func(path string, asked bool) (settings, defaults any, err error){
	"exporter": func(path string, asked bool) (any, any, error) {
		s, err := LoadExporter(path, asked, nil)
		return s, NewExporter(), err
	},
	"fallback": func(path string, asked bool) (any, any, error) {
		s, err := LoadFallback(path, asked, nil)
		return s, NewFallback(), err
	},
	"notify": func(path string, asked bool) (any, any, error) {
		s, err := LoadNotify(path, asked)
		return s, NewNotify(), err
	},
}

// TestFiles has what may stand where a settings file should be.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) string {
		t.Helper()
		if err := os.WriteFile(path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path(name)
	}
	if err := os.Symlink(write("behind.yaml", "log: {level: info}\n"), path("link.yaml")); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ path, want string }{ // of the error; empty: the defaults hold
		"nothing in it":      {write("empty.yaml", ""), ""},
		"comments":           {write("comments.yaml", "# log:\n#   level: loud\n"), ""},
		"a mark alone":       {write("mark.yaml", "---\n"), ""},
		"a mark at the end":  {write("end.yaml", "log: {level: info}\n...\n"), ""},
		"sections alone":     {write("sections.yaml", "log:\n"), ""},
		"lines of Windows":   {write("crlf.yaml", "log:\r\n  level: info\r\n"), ""},
		"a mark of encoding": {write("bom.yaml", "\ufefflog: {level: info}\n"), ""},
		"a link":             {path("link.yaml"), ""},
		"no line's end":      {write("cut.yaml", "log: {level: info}"), ""},

		"a folder":         {dir, "read settings: "},
		"a file too large": {write("large.yaml", "#"+strings.Repeat(" ", bounded.Settings)), "read settings: "},
		"below a file":     {filepath.Join(path("empty.yaml"), "x"), "read settings: "},
		"bytes":            {write("bytes.yaml", "log: {level: info}\n\x00\x01"), path("bytes.yaml") + ": "},
		"half a letter":    {write("half.yaml", "log: {level: \"\xff\"}\n"), path("half.yaml") + ": "},
		"a list":           {write("list.yaml", "- log\n"), path("list.yaml") + ": line 1: want sections"},
		"a word":           {write("word.yaml", "log\n"), path("word.yaml") + ": line 1: want sections"},
		"a number":         {write("number.yaml", "5\n"), path("number.yaml") + ": line 1: want sections"},
		"two files in one": {
			write("two.yaml", "log: {level: info}\n---\nlog: {level: debug}\n"),
			path("two.yaml") + ": line 2: here begins a second document",
		},
		"a key twice": {
			write("twice.yaml", "log: {level: info}\nlog: {level: info}\n"),
			path("twice.yaml") + `: line 2: mapping key "log" already defined at line 1`,
		},
		"a tab": {
			write("tab.yaml", "log:\n\tlevel: info\n"),
			path("tab.yaml") + ": line 2: found character that cannot start any token; is it a tab?",
		},
		"no such alias":   {write("alias.yaml", "log: *x\n"), path("alias.yaml") + ": unknown anchor 'x' referenced"},
		"an open quote":   {write("quote.yaml", "log: {level: \"info}\n"), path("quote.yaml") + ": line "},
		"a key in braces": {write("braces.yaml", "{a: b}: c\n"), path("braces.yaml") + ": "},
	} {
		for daemon, load := range loaders {
			got, defaults, err := load(tt.path, true)
			switch {
			case tt.want == "" && (err != nil || !reflect.DeepEqual(got, defaults)):
				t.Errorf("%s, %s: %+v, %v", daemon, name, got, err)
			case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n")):
				t.Errorf("%s, %s: %v, want one line: %s…", daemon, name, err, tt.want)
			}
		}
	}
}

// TestMissingFile: without a file the defaults hold, but for one that was asked for by name. A folder that is missing is the same as a
// file.
func TestMissingFile(t *testing.T) {
	for daemon, load := range loaders {
		for _, path := range []string{filepath.Join(t.TempDir(), "x"), filepath.Join(t.TempDir(), "no", "such", "x")} {
			if got, defaults, err := load(path, false); err != nil || !reflect.DeepEqual(got, defaults) {
				t.Errorf("%s: %+v, %v", daemon, got, err)
			}
			if _, _, err := load(path, true); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s, asked for: %v", daemon, err)
			}
		}
	}
}

// TestUnreadableFile: settings that may not be read are no reason to go on with the defaults, whoever has asked for them.
func TestUnreadableFile(t *testing.T) {
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	for daemon, load := range loaders {
		if _, _, err := load(loop, false); err == nil || !strings.Contains(err.Error(), loop) {
			t.Errorf("%s: %v", daemon, err)
		}
	}
}

// FuzzSettings: whatever is in a file, there is a result or an error, and each line of the error says of which file it is.
func FuzzSettings(f *testing.F) {
	for _, s := range []string{
		ExporterReference(), FallbackReference(), "metrics: {allow: [1, {a: b}]}\n", "log: {level: !!binary aaaa}\n",
		"dns: {ports: [0x35, 1e3]}\n", "? [a]\n: b\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := settingsFile(t, text)
		for daemon, load := range loaders {
			_, _, err := load(path, true)
			if err == nil {
				continue
			}
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, path+": ") && !strings.HasPrefix(line, "read settings: ") &&
					!strings.HasPrefix(line, "freeze-keepalived: ") {
					t.Errorf("%s: %q does not say where it is", daemon, line)
				}
			}
		}
	})
}
