package keepalived

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// glob finds the files that a pattern of an include stands for, as glob(3)
// does with braces: each alternative in turn, the matches of one alternative
// sorted. missing reports an alternative without wildcards that is not there.
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

// globOne expands wildcards. A pattern without them that names nothing is not ok.
func globOne(fsys fs.FS, pattern string) (matches []string, ok bool) {
	if !strings.ContainsAny(pattern, `*?[\`) {
		if _, err := fs.Stat(fsys, inFS(pattern)); err != nil {
			return nil, false
		}
		return []string{path.Clean(pattern)}, true
	}
	// fs.Glob negates a class with ^, and lets * match a leading dot.
	found, err := fs.Glob(fsys, inFS(strings.ReplaceAll(pattern, "[!", "[^")))
	if err != nil {
		return nil, false
	}
	found = slices.DeleteFunc(found, func(name string) bool { return hidden(name, pattern) })
	for i, name := range found {
		found[i] = path.Clean("/" + name)
	}
	slices.Sort(found)
	return found, true
}

// hidden reports whether a wildcard has matched a leading dot.
func hidden(name, pattern string) bool {
	have := strings.Split(inFS(name), "/")
	want := strings.Split(inFS(pattern), "/")
	return slices.ContainsFunc(have, func(s string) bool {
		i := slices.Index(have, s)
		return strings.HasPrefix(s, ".") && i < len(want) && !strings.HasPrefix(want[i], ".")
	})
}

// counted is a file system in which only so many names may be looked at.
type counted struct {
	fs.FS
	left *int
}

// ReadDir implements fs.ReadDirFS, for fs.Glob.
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
