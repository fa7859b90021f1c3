//go:build site

package main

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// section is a part of the menu, in the order in which somebody needs the pages.
type section struct {
	title string
	files []string
}

var menu = []section{
	{"Start", []string{"README.md", "docs/two-directors.md", "docs/moving.md", "docs/glossary.md"}},
	{"Set up", []string{
		"docs/packages.md", "docs/keepalived.md", "docs/check.md", "docs/forwarding.md", "docs/haproxy.md", "docs/monitoring.md",
		"docs/sizing.md", "docs/security.md",
	}},
	{"Operate", []string{
		"docs/troubleshooting.md", "docs/operations.md", "docs/exporter.md", "docs/metrics.md", "docs/dns.md", "docs/drift.md",
		"docs/flows.md", "docs/notify.md", "docs/fallback.md",
	}},
	{"Develop", []string{
		"CONTRIBUTING.md", "docs/architecture.md", "docs/lab.md", "docs/decisions/README.md", "CHANGELOG.md", "SECURITY.md",
	}},
}

// entry is a line of the menu.
type entry struct{ Title, Page string }

type menuSection struct {
	Title   string
	Entries []entry
}

// readMenu takes the titles from the pages. A file that is not there has no line, and one without a place here is last.
func readMenu(repository fs.FS, names []string) ([]menuSection, error) {
	rest := section{title: "More"}
	for _, name := range names {
		placed := slices.ContainsFunc(menu, func(s section) bool { return slices.Contains(s.files, name) })
		if !placed && path.Dir(name) != "docs/decisions" { // their README.md leads there
			rest.files = append(rest.files, name)
		}
	}
	var all []menuSection
	for _, s := range append(slices.Clone(menu), rest) {
		m := menuSection{Title: s.title}
		for _, name := range s.files {
			if !slices.Contains(names, name) {
				continue
			}
			title, err := titleOf(repository, name)
			if err != nil {
				return nil, err
			}
			m.Entries = append(m.Entries, entry{title, target(name)})
		}
		if len(m.Entries) > 0 {
			all = append(all, m)
		}
	}
	return all, nil
}

// titleOf is the first line of a document.
func titleOf(repository fs.FS, name string) (string, error) {
	text, err := fs.ReadFile(repository, name)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	title, ok := strings.CutPrefix(line, "# ")
	if !ok {
		return "", fmt.Errorf("%s does not begin with its title", name)
	}
	return title, nil
}
