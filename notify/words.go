package notify

import (
	"strconv"
	"strings"
)

// Package fmt is the half of what a hook needs beyond a program that does nothing: it brings package reflect, and the kernel maps what
// is beside the pages that are used. What the hook has to say needs no more than this.

// within is an error with words around it.
type within struct {
	before string
	err    error
	after  string
}

func (e *within) Error() string { return e.before + e.err.Error() + e.after }

func (e *within) Unwrap() error { return e.err }

// Because is an error with words before it that say what it is about.
func Because(what string, err error) error { return &within{what + ": ", err, ""} }

// quote puts quotes around a text, of which it takes no more than so many characters.
func quote(text string, most int) string {
	for i := range text {
		if most--; most < 0 {
			text = text[:i]
			break
		}
	}
	return strconv.Quote(text)
}

// padded is a number with zeros before it, so that numbers sort as texts do.
func padded(n int64, width int) string {
	text := strconv.FormatInt(n, 10)
	return strings.Repeat("0", max(width-len(text), 0)) + text
}
