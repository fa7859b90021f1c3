package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestSite makes the site as "make site" does, and looks at every page as a browser would: each link leads to a page and a heading that
// are there, nothing comes from elsewhere, and the page fits a telephone.
func TestSite(t *testing.T) {
	out := filepath.Join(t.TempDir(), "site")
	cmd := exec.Command("go", "run", "-modfile=tools/site.mod", "-tags", "site", "./tools/site", "-o", out)
	cmd.Dir = "../.."
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	site := os.DirFS(out)
	pages := map[string]*seen{}
	err := fs.WalkDir(site, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".html" {
			return err
		}
		text, err := fs.ReadFile(site, name)
		if err != nil {
			return err
		}
		doc, err := html.Parse(bytes.NewReader(text))
		if err != nil {
			return err
		}
		pages[name] = look(doc)
		if strings.Contains(string(text), "<!-- ") || strings.Contains(string(text), "raw HTML") {
			t.Errorf("%s shows how its blocks are tested", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"index.html", "docs/two-directors.html", "docs/operations.html", "docs/decisions/index.html", "docs/evidence/takeover.txt.html",
	} {
		if pages[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
	links := 0
	for name, p := range pages {
		if p.title == "" || !p.viewport {
			t.Errorf("%s has the title %q, and says that it fits a telephone: %v", name, p.title, p.viewport)
		}
		for _, asset := range p.assets {
			if file := path.Join(path.Dir(name), asset); file != "style.css" {
				t.Errorf("%s loads %s", name, asset)
			}
		}
		for _, link := range p.links {
			if strings.Contains(link, "://") {
				continue
			}
			links++
			to, anchor, _ := strings.Cut(link, "#")
			if to = path.Join(path.Dir(name), to); strings.HasPrefix(link, "#") {
				to = name
			}
			if target := pages[to]; target == nil || anchor != "" && !slices.Contains(target.ids, anchor) {
				t.Errorf("%s: %s leads nowhere", name, link)
			}
		}
	}
	if links < 1000 {
		t.Errorf("only %d links were found", links)
	}
	t.Logf("%d pages, %d links", len(pages), links)
}

// seen is what there is to say of a page.
type seen struct {
	title              string
	viewport           bool
	links, assets, ids []string
}

func look(doc *html.Node) *seen {
	p := &seen{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "title" && n.FirstChild != nil {
			p.title = n.FirstChild.Data
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "id":
				p.ids = append(p.ids, a.Val)
			case a.Key == "href" && n.Data == "a":
				p.links = append(p.links, a.Val)
			case a.Key == "href", a.Key == "src":
				p.assets = append(p.assets, a.Val)
			case a.Key == "name" && a.Val == "viewport":
				p.viewport = true
			}
		}
	}
	return p
}
