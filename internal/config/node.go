package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// node is a section of a settings file whose shape is no fixed list of keys: lists of sections, sections within them. It
// collects what is wrong, each with its place.
type node struct {
	path string
	raw  map[string]any
	seen map[string]bool
	errs *[]error
}

func newNode(path string, raw any, errs *[]error) (*node, bool) {
	m, ok := section(raw)
	if !ok {
		*errs = append(*errs, fmt.Errorf("%s: %w", path, want("a section", raw)))
		return nil, false
	}
	return &node{path: path, raw: m, seen: map[string]bool{}, errs: errs}, true
}

func (n *node) fail(key string, err error) {
	path := n.path
	if key != "" {
		path = n.at(key)
	}
	*n.errs = append(*n.errs, fmt.Errorf("%s: %w", path, err))
}

// has reports whether a key is there with a value, and marks it as known.
func (n *node) has(key string) bool {
	n.seen[key] = true
	return n.raw[key] != nil
}

// take sets a value, if there is one.
func (n *node) take(key string, v value) bool {
	if !n.has(key) {
		return false
	}
	if err := v.set(n.raw[key]); err != nil {
		n.fail(key, err)
		return false
	}
	return true
}

// need is take for what must be there.
func (n *node) need(key, such string, v value) {
	if !n.has(key) {
		n.fail("", fmt.Errorf("%s is missing: such as %s: %s", key, key, such))
		return
	}
	n.take(key, v)
}

// filled reports a list whose items are all gone, as behind comments: it would mean what no list means.
func (n *node) filled(key, without string) {
	if raw, ok := n.raw[key]; ok && raw == nil {
		n.fail(key, fmt.Errorf("is empty, and %s: name some, or take the line out", without))
	}
}

// list calls each for the sections of a list.
func (n *node) list(key string, each func(*node)) {
	if !n.has(key) {
		return
	}
	all, ok := n.raw[key].([]any)
	if !ok {
		n.fail(key, want("a list of sections, each begun with -", n.raw[key]))
		return
	}
	for i, raw := range all {
		if child, ok := newNode(fmt.Sprintf("%s[%d]", n.at(key), i+1), raw, n.errs); ok {
			each(child)
		}
	}
}

// section calls f for a section, if it is there. A section that is written without anything below it has its defaults.
func (n *node) section(key string, f func(*node)) bool {
	n.seen[key] = true
	raw, ok := n.raw[key]
	if !ok {
		return false
	}
	if raw == nil {
		raw = map[string]any{}
	}
	if child, ok := newNode(n.at(key), raw, n.errs); ok {
		f(child)
		child.end()
	}
	return true
}

func (n *node) at(key string) string {
	if n.path == "" {
		return key
	}
	return n.path + "." + key
}

// end reports the keys that nobody asked for.
func (n *node) end() {
	var unknown []string
	for key := range n.raw {
		if !n.seen[key] {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	for _, key := range unknown {
		var options []option
		for k := range n.seen {
			options = append(options, option{key: k})
		}
		slices.SortFunc(options, func(a, b option) int { return cmp.Compare(a.key, b.key) })
		text := "no such setting"
		if best := nearest(options, key); best != "" {
			text += "; did you mean " + best + "?"
		} else if len(options) > 0 {
			var known []string
			for _, o := range options {
				known = append(known, o.key)
			}
			text += "; there is " + list(known)
		}
		n.fail(key, errors.New(text))
	}
}

// names is a list of texts that are not empty.
type names struct {
	to   *[]string
	what string
	ok   func(string) error // may be nil
}

func (v names) set(raw any) error {
	all, err := words(raw, v.what)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("want one of %s at least", v.what)
	}
	for i, s := range all {
		if s == "" {
			return fmt.Errorf("item %d is empty", i+1)
		}
		if v.ok != nil {
			if err := v.ok(s); err != nil {
				return err
			}
		}
	}
	*v.to = all
	return nil
}
func (v names) parse(words []string) error { return v.set(split(words)) }
func (v names) yaml() string               { return quoted(slices.Clone(*v.to)) }
