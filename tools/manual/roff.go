package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// roff is a page in the man macros: man(7).
type roff struct{ strings.Builder }

// inRoff makes text mean itself. Every - is the one that can be copied into a shell.
var inRoff = strings.NewReplacer(`\`, `\e`, "-", `\-`, "^", `\(ha`, "~", `\(ti`, "`", `\(ga`)

// inCode also keeps the quotes of a shell straight.
var inCode = strings.NewReplacer(`\`, `\e`, "-", `\-`, "^", `\(ha`, "~", `\(ti`, "`", `\(ga`, "'", `\(aq`)

func argument(s string) string { return `"` + strings.ReplaceAll(inRoff.Replace(s), `"`, `\(dq`) + `"` }

func (r *roff) section(title string)    { fmt.Fprintf(r, ".SH %s\n", title) }
func (r *roff) subsection(title string) { fmt.Fprintf(r, ".SS %s\n", argument(title)) }

// line writes one input line, which is no request whatever it begins with.
func (r *roff) line(escaped string) {
	if strings.HasPrefix(escaped, ".") || strings.HasPrefix(escaped, "'") {
		escaped = `\&` + escaped
	}
	r.WriteString(escaped + "\n")
}

// text writes words, filled.
func (r *roff) text(s string) {
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && len(inRoff.Replace(line+word)) > 76 {
			r.line(breakable(line))
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	if line != "" {
		r.line(breakable(line))
	}
}

var address = regexp.MustCompile(`https?://\S+`)

// breakable escapes text, and lets an address be broken at its slashes: one may be longer than a line.
func breakable(s string) string {
	return address.ReplaceAllStringFunc(inRoff.Replace(s), func(a string) string { return `\%` + strings.ReplaceAll(a, "/", `/\:`) })
}

// lines writes text whose lines were wrapped. One that has columns in it, or begins with one of the values, begins anew.
func (r *roff) lines(all []string, values ...string) {
	begins := func(l string) bool {
		word, _, is := strings.Cut(l, ": ")
		return columns.MatchString(l) || is && slices.Contains(values, word)
	}
	var paragraph []string
	for _, l := range all {
		if len(paragraph) > 0 && begins(l) {
			r.text(strings.Join(paragraph, " "))
			paragraph = nil
			r.WriteString(".br\n")
		}
		paragraph = append(paragraph, l)
	}
	r.text(strings.Join(paragraph, " "))
}

// code writes lines as they are.
func (r *roff) code(s string) {
	r.WriteString(".PP\n.RS 4\n.EX\n")
	for line := range strings.Lines(strings.TrimSuffix(s, "\n") + "\n") {
		r.line(inCode.Replace(strings.TrimSuffix(line, "\n")))
	}
	r.WriteString(".EE\n.RE\n")
}

// tagged begins an entry of a list.
func (r *roff) tagged(bold, italic string) {
	r.WriteString(".TP\n")
	if italic == "" {
		fmt.Fprintf(r, ".B %s\n", inRoff.Replace(bold))
		return
	}
	fmt.Fprintf(r, ".BI %s %s\n", argument(bold+" "), argument(italic))
}
