package docscheck

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/promcheck"
)

// TestLinks: whoever was woken does not land at the top of a page, or nowhere.
func TestLinks(t *testing.T) {
	root, err := promcheck.Root()
	if err != nil {
		t.Fatal(err)
	}
	repository := os.DirFS(root)
	files, err := markdown(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := Links(repository, file); err != nil {
			t.Error(err)
		}
	}
}

func TestLinksOfADocument(t *testing.T) {
	repository := func(text string) fs.FS {
		return fstest.MapFS{
			"docs/a.md":   {Data: []byte(text)},
			"docs/b.md":   {Data: []byte("# B\n## DR, NAT, TUN\n### `ops`: what_is [it](a.md)?\n```\n# a comment\n```\n")},
			"lab/demo.go": {},
		}
	}
	for text, want := range map[string]string{
		"[b](b.md) [b](b.md#b) [c](../lab/demo.go) [dir](../lab)": "",
		"[b](b.md#dr-nat-tun) and [b](b.md#ops-what_is-it)":       "",
		"## Here we are\n\n[see](#here-we-are)":                   "",
		"[out](https://example.com/#nowhere) `[code](no.md)`":     "",
		"```\n[in a block](no.md)\n```\n":                         "",
		"# A\n[b](b.md#a-comment)":                                "docs/a.md:2: b.md#a-comment: there is no such heading",
		"[b](b.md#DR)":                                            "docs/a.md:1: b.md#DR: there is no such heading",
		"[a](#b)":                                                 "docs/a.md:1: #b: there is no such heading",
		"[no](no.md)":                                             "docs/a.md:1: no.md: open docs/no.md: file does not exist",
		"[no](no.md#b)":                                           "docs/a.md:1: no.md#b: open docs/no.md: file does not exist",
		"[a picture of [many words](b.md) and\na link over two lines](c.md)": "docs/a.md:2: c.md: open docs/c.md: file does not exist",
	} {
		err := Links(repository(text), "docs/a.md")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}
