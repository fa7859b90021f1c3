package main

import (
	"fmt"
	"regexp"
	"strings"
)

// settings is a file of packaging/, taken apart.
type settings struct {
	about   []string
	keys    []setting
	example []string // what the file shows and does not switch on
}

type setting struct {
	name, standard string // of a section: no default
	doc            []string
}

var (
	comment = regexp.MustCompile(`^\s*# ?(.*)$`)
	shown   = regexp.MustCompile(`^#:(.*)$`)
	opens   = regexp.MustCompile(`^([a-z][a-z-]*):$`)
	assigns = regexp.MustCompile(`^( *)([a-z][a-z.-]*): (.+)$`)
)

// parseSettings reads the form in which internal/config writes settings: what is said of a key stands above it.
func parseSettings(text string) (settings, error) {
	var s settings
	var said []string
	section := ""
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		switch {
		case line == "":
			if s.about == nil {
				s.about, said = said, nil
			}
		case shown.MatchString(line):
			if len(said) > 0 && len(s.example) > 0 {
				s.example = append(s.example, "")
			}
			for _, l := range said {
				s.example = append(s.example, "# "+l)
			}
			s.example, said = append(s.example, shown.FindStringSubmatch(line)[1]), nil
		case comment.MatchString(line):
			said = append(said, comment.FindStringSubmatch(line)[1])
		case opens.MatchString(line):
			name := opens.FindStringSubmatch(line)[1]
			if section = name + "."; said != nil {
				s.keys, said = append(s.keys, setting{name: name, doc: said}), nil
			}
		case assigns.MatchString(line):
			m := assigns.FindStringSubmatch(line)
			if m[1] == "" {
				section = ""
			}
			s.keys = append(s.keys, setting{section + m[2], m[3], said})
			said = nil
		default:
			return s, fmt.Errorf("line %d of the settings is neither key, section nor comment: %q", i+1, line)
		}
	}
	return s, nil
}

// settingsPage is the manual page of a settings file.
func settingsPage(p program, s settings, e edition) string {
	var r roff
	name := p.name + ".yaml"
	e.title(&r, name, "5")
	r.section("NAME")
	r.text(name + " - settings of " + p.name)
	r.section("SYNOPSIS")
	r.line(inRoff.Replace("/etc/lvsdns/" + p.settings))
	r.section("DESCRIPTION")
	r.text(strings.Join(s.about, " "))
	r.WriteString(".PP\n")
	r.text("The file is YAML. A key a.b stands as b: below a:. " +
		fmt.Sprintf("\"%s check-config\" says what is wrong with a file.", p.name))
	r.section("OPTIONS")
	for _, k := range s.keys {
		r.tagged(k.name, "")
		r.lines(k.doc)
		switch {
		case k.standard == "":
			continue
		case len(k.doc) > 0:
			r.WriteString(".br\n")
		}
		r.text("Default: " + k.standard)
	}
	r.section("\"EXIT STATUS\"")
	r.text(fmt.Sprintf("\"%s check-config\" ends with 0 when the file is right, and not with 0 when it is not.", p.name))
	r.section("FILES")
	r.tagged("/etc/lvsdns/"+p.settings, "")
	r.text("Need not exist; --config names another file.")
	r.section("EXAMPLES")
	if s.example != nil {
		r.text("What the file has as examples, switched on:")
		r.code(strings.Join(s.example, "\n"))
	} else {
		first := s.keys[0]
		r.text("One key, at its default:")
		above, key, nested := strings.Cut(first.name, ".")
		if !nested {
			r.code(above + ": " + first.standard)
		} else {
			r.code(above + ":\n  " + key + ": " + first.standard)
		}
	}
	seeAlso(&r, []string{p.name + "(" + p.section + ")"})
	return r.String()
}
