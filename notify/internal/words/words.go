// Package words puts texts together without package fmt, which is the half of
// what a hook needs beyond a program that does nothing: it brings package
// reflect, and the kernel maps what is beside the pages that are used. What the
// hook has to say needs no more than this.
package words

import (
	"errors"
	"strconv"
	"strings"
)

// around is an error with words around it.
type around struct {
	before string
	err    error
	after  string
}

func (e *around) Error() string { return e.before + e.err.Error() + e.after }

func (e *around) Unwrap() error { return e.err }

// Around is an error with words before and after it.
func Around(before string, err error, after string) error { return &around{before, err, after} }

// Because is an error with words before it that say what it is about.
func Because(what string, err error) error { return Around(what+": ", err, "") }

// OneLine makes an error one line.
func OneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' }), "; ")
}

// Quote puts quotes around a text, of which it takes no more than so many characters.
func Quote(text string, most int) string {
	for i := range text {
		if most--; most < 0 {
			text = text[:i]
			break
		}
	}
	return strconv.Quote(text)
}

// Padded is a number with zeros before it, so that numbers sort as texts do.
func Padded(n int64, width int) string {
	text := strconv.FormatInt(n, 10)
	return strings.Repeat("0", max(width-len(text), 0)) + text
}

// maxName is more than any line of keepalived.conf holds (MAXBUF in lib/parser.h).
const maxName = 1024

// CheckName refuses what can't be the name of an instance: such a name would break lines and labels.
func CheckName(name string) error {
	switch {
	case len(name) > maxName:
		return errors.New("a name of " + strconv.Itoa(len(name)) + " bytes: keepalived's are at most " + strconv.Itoa(maxName))
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }):
		return errors.New(strconv.Quote(name) + " is no name: it has characters that cannot be printed")
	default:
		return nil
	}
}
