//go:build site

package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// anchors gives headings the anchors that they have on GitHub, so that a link leads to the same place here and there.
type anchors struct{ used map[string]int }

// dropped is what is not in them: all but letters, digits, blanks, "-" and "_".
var dropped = regexp.MustCompile(`[^\pL\pN _-]`)

// mark is what a link in a heading has beside its text.
var mark = regexp.MustCompile(`\]\([^)]*\)`)

// Generate makes the anchor of a heading.
func (a *anchors) Generate(value []byte, _ ast.NodeKind) []byte {
	text := mark.ReplaceAllString(string(value), "")
	id := strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
	if a.used == nil {
		a.used = map[string]int{}
	}
	n := a.used[id]
	a.used[id]++
	if n > 0 {
		id = fmt.Sprintf("%s-%d", id, n)
	}
	return []byte(id)
}

// Put is told of anchors that a document sets itself: ours set none.
func (a *anchors) Put([]byte) {}
