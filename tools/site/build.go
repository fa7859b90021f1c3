//go:build site

package main

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// pages are the files of the site, by their paths in it.
type pages map[string][]byte

func (p pages) write(dir string) error {
	for name, text := range p {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, text, 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// build makes a page of each document, and of each other file that a document leads to.
func build(repository fs.FS) (pages, error) {
	names, err := documents(repository)
	if err != nil {
		return nil, err
	}
	site, linked := pages{"style.css": style}, map[string]bool{}
	menu, err := readMenu(repository, names)
	if err != nil {
		return nil, err
	}
	m, err := newMaker(menu)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(repository, name)
		if err != nil {
			return nil, err
		}
		p, err := m.render(name, text)
		if err != nil {
			return nil, err
		}
		for _, link := range p.links {
			linked[link] = true
		}
		if site[target(name)], err = m.html(p); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(linked)) {
		if slices.Contains(names, name) {
			continue
		}
		text, err := fs.ReadFile(repository, name)
		if err != nil {
			return nil, err
		}
		if site[target(name)], err = m.html(source(name, text)); err != nil {
			return nil, err
		}
	}
	return site, nil
}

// documents are the files that become pages whether or not something leads to them.
func documents(repository fs.FS) ([]string, error) {
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		names, err := fs.Glob(repository, pattern)
		if err != nil {
			return nil, err
		}
		all = append(all, names...)
	}
	return all, nil
}

// target is where the page of a file is in the site. README.md of a folder is what one sees who opens the folder.
func target(name string) string {
	switch {
	case path.Base(name) == "README.md":
		return path.Join(path.Dir(name), "index.html")
	case path.Ext(name) == ".md":
		return strings.TrimSuffix(name, ".md") + ".html"
	default:
		return name + ".html"
	}
}

// relative is the way from one page to another: the site works from a disk, and below any path of a server.
func relative(from, to string) string {
	up := strings.Repeat("../", strings.Count(from, "/"))
	return up + to
}
