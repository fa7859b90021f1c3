//go:build site

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

//go:embed style.css
var style []byte

//go:embed page.html
var layout string

// maker makes pages.
type maker struct {
	markdown goldmark.Markdown
	layout   *template.Template
	menu     []menuSection
}

func newMaker(menu []menuSection) (*maker, error) {
	t, err := template.New("page").Parse(layout)
	if err != nil {
		return nil, err
	}
	return &maker{goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID())), t, menu}, nil
}

// page is a document as a browser shows it.
type page struct {
	name, title string
	body        template.HTML
	headings    []heading // of the second level
	links       []string  // the files of the repository that it leads to
}

type heading struct{ ID, Title string }

// render makes a page of a document.
func (m *maker) render(name string, source []byte) (*page, error) {
	p := &page{name: name}
	doc := m.markdown.Parser().Parse(text.NewReader(source), parser.WithContext(parser.NewContext(parser.WithIDs(&anchors{}))))
	var comments []ast.Node
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			p.heading(n, source)
		case *ast.Link:
			n.Destination = []byte(p.link(string(n.Destination)))
		case *ast.Image:
			return ast.WalkStop, fmt.Errorf("%s: the site has no pictures: %s", name, n.Destination)
		case *ast.HTMLBlock, *ast.RawHTML:
			comments = append(comments, n) // how a block is run: nothing for readers
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return nil, err
	}
	for _, n := range comments {
		n.Parent().RemoveChild(n.Parent(), n)
	}
	var body bytes.Buffer
	if err := m.markdown.Renderer().Render(&body, source, doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.body = template.HTML(body.String())
	return p, nil
}

// source is the page of a file that is no document.
func source(name string, content []byte) *page {
	text := "<h1>" + html.EscapeString(path.Base(name)) + "</h1>\n<pre><code>" + html.EscapeString(string(content)) + "</code></pre>\n"
	return &page{name: name, title: path.Base(name), body: template.HTML(text)}
}

func (p *page) heading(n *ast.Heading, source []byte) {
	title := plain(n, source)
	switch id, _ := n.AttributeString("id"); {
	case n.Level == 1 && p.title == "":
		p.title = title
	case n.Level == 2:
		p.headings = append(p.headings, heading{string(id.([]byte)), title})
	}
}

// plain is the text of a node without its marks.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// link is the destination in the site of one in the repository.
func (p *page) link(to string) string {
	if strings.Contains(to, "://") || strings.HasPrefix(to, "#") {
		return to
	}
	file, anchor, found := strings.Cut(to, "#")
	file = path.Join(path.Dir(p.name), file)
	p.links = append(p.links, file)
	to = relative(target(p.name), target(file))
	if found {
		to += "#" + anchor
	}
	return to
}

// html is the whole page.
func (m *maker) html(p *page) ([]byte, error) {
	here := target(p.name)
	var out bytes.Buffer
	err := m.layout.Execute(&out, map[string]any{
		"Title": p.title, "Body": p.body, "Headings": p.headings, "Menu": m.menu, "Here": here,
		"To": func(to string) string { return relative(here, to) },
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return out.Bytes(), nil
}
