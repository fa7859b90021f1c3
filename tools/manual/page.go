package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// edition is what every page has in its head and foot.
type edition struct {
	version string
	date    time.Time
}

func (e edition) title(r *roff, name, section string) {
	fmt.Fprintf(r, ".\\\" Made by tools/manual from the program's own help.\n.TH %s %s %s %s lvsdns\n.nh\n.ad l\n",
		argument(strings.ToUpper(name)), section, e.date.UTC().Format("2006-01-02"), argument("lvsdns "+strings.TrimPrefix(e.version, "v")))
}

// page is the manual page of a program.
func page(p program, h help, e edition) string {
	var r roff
	e.title(&r, p.name, p.section)
	r.section("NAME")
	names := strings.Join(append([]string{p.name}, p.aka...), ", ")
	r.text(names + " - " + p.brief)

	r.section("SYNOPSIS")
	synopsis(&r, h)

	r.section("DESCRIPTION")
	for i, about := range h.about {
		if i > 0 {
			r.WriteString(".PP\n")
		}
		r.text(about)
	}
	if len(h.commands) > 0 {
		if len(h.about) == 0 {
			r.text("The commands are:")
		}
		for _, c := range h.commands {
			r.tagged(p.name+" "+c.name, "")
			r.text(c.brief)
		}
	}

	r.section("OPTIONS")
	r.text("Flags may be written with one dash or with two, and their values behind a space or behind =.")
	options(&r, h)
	for _, c := range h.commands {
		command(&r, p.name, c)
	}

	r.section("\"EXIT STATUS\"")
	r.text(cmp.Or(h.exit, p.exit))
	for _, c := range h.commands {
		if c.exit != "" && c.taken == "" {
			r.tagged(p.name+" "+c.name, "")
			r.text(c.exit)
		}
	}

	r.section("FILES")
	for _, f := range append(filesOf(h), p.files...) {
		r.tagged(f.what, "")
		r.text(f.text)
	}

	r.section("EXAMPLES")
	for i, x := range p.examples {
		if i > 0 {
			r.WriteString(".PP\n")
		}
		r.text(x.text)
		r.code(x.what)
	}
	seeAlso(&r, p.seeAlso)
	return r.String()
}

func seeAlso(r *roff, pages []string) {
	r.section("\"SEE ALSO\"")
	for _, s := range pages {
		name, section, _ := strings.Cut(strings.TrimSuffix(s, ")"), "(")
		fmt.Fprintf(r, ".BR %s (%s),\n", inRoff.Replace(name), section)
	}
	r.text("https://github.com/lvsdns/lvsdns")
}

func synopsis(r *roff, h help) {
	forms := h.usage
	if strings.Contains(forms[0].line, "COMMAND") {
		forms = nil
		for _, c := range h.commands {
			if c.taken == "" {
				forms = append(forms, c.usage...)
				continue
			}
			forms = append(forms, form{line: strings.Replace(c.usage[0].line, " "+c.taken+" ", " "+c.name+" ", 1)})
		}
	}
	for i, f := range forms {
		if i > 0 {
			r.WriteString(".br\n")
		}
		name, rest, _ := strings.Cut(f.line, " ")
		fmt.Fprintf(r, ".B %s\n", inRoff.Replace(name))
		r.line(inRoff.Replace(rest))
	}
}

// options are the flags of a program or a command, below their headings.
func options(r *roff, h help) {
	for _, g := range h.groups {
		if g.title != "" {
			r.subsection(g.title)
		}
		for _, o := range g.flags {
			r.tagged("--"+o.name, o.value)
			r.lines(o.doc, o.values...)
		}
	}
}

// command describes a command that has flags of its own.
func command(r *roff, program string, c help) {
	own := slices.Clone(c.groups)
	own = slices.DeleteFunc(own, func(g group) bool { return g.title != "" || len(g.flags) == 0 })
	switch {
	case c.taken != "":
		r.subsection(program + " " + c.name)
		r.text(fmt.Sprintf("Takes the flags of %s.", c.taken))
	case len(own) > 0:
		r.subsection(program + " " + c.name)
		for _, about := range c.about {
			r.text(about)
		}
		options(r, help{groups: own})
	}
}

var (
	aFile       = regexp.MustCompile(`\(default "?(/[^",;)\s]+)`)
	anyDefault  = regexp.MustCompile(`\s*\(default:? [^)]*\)`)
	firstPhrase = regexp.MustCompile(`^(.*?[.;:])(?:\s|$)`)
)

// filesOf are the files that flags have as their default.
func filesOf(h help) (all []entry) {
	for _, c := range append([]help{h}, h.commands...) {
		for _, o := range c.flags() {
			text := strings.Join(o.doc, " ")
			m := aFile.FindStringSubmatch(text)
			if m == nil || o.kind() != valueFile && o.kind() != valueDirectory {
				continue
			}
			if !slices.ContainsFunc(all, func(e entry) bool { return e.what == m[1] }) {
				all = append(all, entry{m[1], summary(text) + " See --" + o.name + "."})
			}
		}
	}
	return all
}

// summary is the first sentence of what is said of a flag, without its default.
func summary(text string) string {
	text = strings.TrimSpace(anyDefault.ReplaceAllString(text, ""))
	if m := firstPhrase.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	text = strings.TrimRight(text, ".;: ")
	if text == "" {
		return ""
	}
	return text + "."
}
