package keepalived

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// glob finds the files that a pattern of an include stands for, as glob(3)
// does with braces: each alternative in turn, the matches of one alternative
// sorted. missing reports that keepalived finds something missing: see globOne.
func glob(fsys counted, pattern string) (matches []string, missing bool) {
	for _, alternative := range braces(pattern, maxAlternatives) {
		if *fsys.left--; *fsys.left < 0 {
			return nil, true
		}
		found, ok := globOne(fsys, alternative)
		if !ok {
			missing = true
		}
		matches = append(matches, found...)
	}
	return matches, missing
}

// maxAlternatives bounds {a,b}{a,b}{a,b}…
const maxAlternatives = 1024

// globOne expands wildcards. It is not ok where keepalived finds something missing: a name behind the wildcards, if any, or the directory
// in which it was to look for them (gl_lstat() and gl_opendir() in lib/parser.c).
func globOne(fsys counted, pattern string) (matches []string, ok bool) {
	if !wildcards(pattern) {
		if _, err := fs.Stat(fsys, inFS(pattern)); err != nil {
			return nil, false
		}
		return []string{path.Clean(pattern)}, true
	}
	dir, last := path.Split(pattern)
	dirs := []string{path.Clean(dir)}
	if ok = true; wildcards(dir) {
		dirs, ok = globOne(fsys, path.Clean(dir))
		dirs = slices.DeleteFunc(dirs, func(name string) bool {
			info, err := fs.Stat(fsys, inFS(name))
			return err != nil || !info.IsDir()
		})
	}
	for _, dir := range dirs {
		names, there := inDir(fsys, dir, last)
		for _, name := range names {
			matches = append(matches, path.Join(dir, name))
		}
		ok = ok && there
	}
	slices.Sort(matches)
	return matches, ok
}

// wildcards reports whether a pattern is more than a name.
func wildcards(pattern string) bool { return strings.ContainsAny(pattern, `*?[\`) }

// inDir returns the names of a directory that match the last part of a pattern; there reports that nothing is missing.
func inDir(fsys counted, dir, last string) (names []string, there bool) {
	if !wildcards(last) {
		if _, err := fs.Stat(fsys, inFS(path.Join(dir, last))); err != nil {
			return nil, false
		}
		return []string{last}, true
	}
	list, err := fs.ReadDir(fsys, inFS(dir))
	last = strings.ReplaceAll(last, "[!", "[^") // as path.Match negates a class
	for _, entry := range list {
		name := entry.Name()
		if strings.HasPrefix(name, ".") && !strings.HasPrefix(last, ".") { // no wildcard matches a leading dot
			continue
		}
		if match, _ := path.Match(last, name); match {
			names = append(names, name)
		}
	}
	return names, err == nil
}

// counted is a file system in which only so many names may be looked at.
type counted struct {
	fs.FS
	left *int
}

// ReadDir implements fs.ReadDirFS, for fs.ReadDir.
func (c counted) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := c.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir, ok := f.(fs.ReadDirFile)
	if !ok || *c.left < 0 {
		return nil, fs.ErrInvalid
	}
	list, err := dir.ReadDir(*c.left + 1)
	if *c.left -= len(list); *c.left < 0 {
		return nil, fs.ErrInvalid
	}
	return list, err
}

// inFS makes an absolute path one that an fs.FS rooted at / takes.
func inFS(name string) string {
	if name = strings.TrimPrefix(path.Clean(name), "/"); name == "" {
		return "."
	}
	return name
}

// braces expands {a,b} into its alternatives, at most limit of them.
func braces(pattern string, limit int) []string {
	var all []string
	var expand func(string)
	expand = func(pattern string) {
		if len(all) >= limit {
			return
		}
		before, parts, after := firstBraces(pattern)
		if parts == nil {
			all = append(all, pattern)
		}
		for _, part := range parts {
			expand(before + part + after)
		}
	}
	expand(pattern)
	return all
}

// firstBraces cuts a pattern at its first pair of braces; without one there
// are no parts.
func firstBraces(pattern string) (before string, parts []string, after string) {
	open, depth, start := -1, 0, 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '{':
			if depth++; depth == 1 {
				open, start = i, i+1
			}
		case depth == 1 && (c == ',' || c == '}'):
			parts = append(parts, pattern[start:i])
			if start = i + 1; c == '}' {
				return pattern[:open], parts, pattern[i+1:]
			}
		case depth > 1 && c == '}':
			depth--
		}
	}
	return "", nil, ""
}
