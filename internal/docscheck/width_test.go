package docscheck

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/promcheck"
)

// TestColumns: no line of any document is longer than a terminal.
func TestColumns(t *testing.T) {
	root, err := promcheck.Root()
	if err != nil {
		t.Fatal(err)
	}
	repository := os.DirFS(root)
	names, err := markdown(repository)
	for _, name := range []string{"README.md", "CHANGELOG.md", "docs/metrics.md", "docs/decisions/README.md"} {
		if !slices.Contains(names, name) {
			err = errors.Join(err, errors.New("it is not read: "+name))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(repository, name)
		if err == nil {
			err = Wide(name, string(text))
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func TestWide(t *testing.T) {
	words := strings.TrimSpace(strings.Repeat("word ", 20)) + "s" // 100 columns
	url := "https://example.com/" + strings.Repeat("x", 100)
	for name, tt := range map[string]struct {
		text string
		want string // empty: nothing
	}{
		"just fits":             {words + "\n" + strings.Repeat("é", 100), ""},
		"one more":              {"Text\n" + words + "s\n", "x.md:2: 101 columns"},
		"in a list":             {"- " + words + "\n", "x.md:1: 102 columns"},
		"a heading":             {"## " + words + "\n", "x.md:1: 103 columns"},
		"a comment":             {"<!-- " + words + " -->\n", "x.md:1: 109 columns"},
		"a table":               {"| " + words + " |\n|---|\n", ""},
		"a fenced block":        {"```\n" + words + words + "\n```\n", ""},
		"after a fenced block":  {"~~~\n```\n~~~\n" + words + words + "\n", "x.md:4: 200 columns"},
		"a link alone":          {url + "\n- " + url + "\n1. <" + url + ">\n  [a](" + url + "),\n", ""},
		"a link and more":       {"see " + url + "\n", "x.md:1: "},
		"a block within a list": {"- a\n  ```\n  " + words + words + "\n  ```\n  " + words + "\n", "x.md:5: 102 columns"},
	} {
		err := Wide("x.md", tt.text)
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v; want %q", name, err, tt.want)
		}
	}
	if err := Wide("x.md", words+"s\n"+words+"s\n"); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("%v, want both lines", err)
	}
}

func TestMarkdown(t *testing.T) {
	file := &fstest.MapFile{}
	names, err := markdown(fstest.MapFS{
		"README.md": file, "docs/a.md": file, "docs/decisions/0001.md": file, "a/b/c.md": file, "main.go": file,
		".cache/go/README.md": file, "internal/x/testdata/bad.md": file,
	})
	if want := []string{"README.md", "a/b/c.md", "docs/a.md", "docs/decisions/0001.md"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v; want %v", names, err, want)
	}
}
