package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// help is what a program, or one of its commands, says of itself.
type help struct {
	name     string // of a command; empty for the program
	brief    string // a command in one line
	usage    []form
	about    []string // paragraphs
	exit     string   // what its exit status means
	groups   []group
	commands []help
	taken    string // the command whose flags and text these are, when it has none of its own
}

// form is one line of usage.
type form struct{ line, brief string }

// group is flags below one heading, which may be empty.
type group struct {
	title string
	flags []option
}

// option is a flag.
type option struct {
	name   string
	value  string // the placeholder; empty: it takes none
	repeat bool
	values []string // those that it can have, if they are few
	doc    []string // lines
}

// The shapes of lines. The flag package, internal/config and people write flags each in their own way.
var (
	usageLine   = regexp.MustCompile(`^(?:[Uu]sage: | {7})(\S.*)$`)
	flagLine    = regexp.MustCompile(`^  (--?[a-z][\w.-]*)((?:, --?[a-z][\w.-]*)*)(.*)$`)
	moreLine    = regexp.MustCompile(`^(?: {8,}| {4}\t)(\S.*)$`)
	commandLine = regexp.MustCompile(`^  ([a-z][a-z-]*) {2,}(\S.*)$`)
	tellsHelp   = regexp.MustCompile(`COMMAND --help lists the flags`)
	columns     = regexp.MustCompile(` {2,}`)
	placeholder = regexp.MustCompile(`^ ("[^"]*"|[^ (]\S*)(?: +(.*))?$`)
)

// parse reads what --help prints. It understands each line or says which it does not: what is left out here is in no page.
func parse(text string) (help, error) {
	var h help
	var paragraph []string
	begun := 0 // the first flag of the line that is continued
	end := func(flagFollows bool) {
		if len(paragraph) == 0 {
			return
		}
		joined := strings.Join(paragraph, " ")
		paragraph = nil
		switch {
		case flagFollows:
			h.groups = append(h.groups, group{title: strings.TrimSuffix(joined, ":")})
		case !tellsHelp.MatchString(joined):
			about, exit, found := strings.Cut(joined, "Exit status: ")
			if about = strings.TrimSpace(about); about != "" {
				h.about = append(h.about, about)
			}
			if found {
				h.exit = exit
			}
		}
	}
	for i, line := range strings.Split(text, "\n") {
		switch {
		case line == "":
			end(false)
		case line[0] != ' ' && !usageLine.MatchString(line):
			paragraph = append(paragraph, line)
		case flagLine.MatchString(line):
			end(true)
			if len(h.groups) == 0 {
				h.groups = []group{{}}
			}
			g := &h.groups[len(h.groups)-1]
			begun = len(g.flags)
			g.flags = append(g.flags, readFlags(flagLine.FindStringSubmatch(line))...)
		case len(h.groups) > 0 && moreLine.MatchString(line):
			for i, flags := begun, h.groups[len(h.groups)-1].flags; i < len(flags); i++ {
				flags[i].doc = append(flags[i].doc, moreLine.FindStringSubmatch(line)[1])
			}
		case usageLine.MatchString(line):
			cells := columns.Split(usageLine.FindStringSubmatch(line)[1], 2)
			h.usage = append(h.usage, form{cells[0], strings.Trim(strings.Join(cells[1:], ""), "()")})
		case commandLine.MatchString(line):
			m := commandLine.FindStringSubmatch(line)
			h.commands = append(h.commands, help{name: m[1], brief: m[2]})
		default:
			return h, fmt.Errorf("line %d of the help is neither usage, flag nor text: %q", i+1, line)
		}
	}
	end(false)
	if len(h.usage) == 0 {
		return h, fmt.Errorf("the help has no line of usage: %q", text)
	}
	for _, g := range h.groups {
		for i := range g.flags {
			g.flags[i].finish()
		}
	}
	h.commands = append(h.commands, fromUsage(&h)...)
	return h, nil
}

// readFlags takes the head of a flag apart: its names, its placeholder, and the text beside them.
func readFlags(m []string) (all []option) {
	o := option{}
	switch rest := m[3]; {
	case strings.HasPrefix(rest, " (default "):
		o.doc = []string{strings.TrimSpace(rest)}
	case strings.HasPrefix(rest, "  "):
		o.doc = []string{strings.TrimSpace(rest)}
	case rest != "":
		p := placeholder.FindStringSubmatch(rest)
		o.value = p[1]
		if p[2] != "" {
			o.doc = []string{p[2]}
		}
	}
	for _, name := range append([]string{m[1]}, strings.Split(m[2], ", ")...) {
		if name = strings.TrimLeft(name, "-"); name != "" {
			o.name = name
			all = append(all, o)
		}
	}
	return all
}

var (
	headDefault = regexp.MustCompile(`^\(default (.*)\)$`)
	oneOf       = regexp.MustCompile(`^((?:[a-z][a-z0-9-]*, )*[a-z][a-z0-9-]*) or ([a-z][a-z0-9-]*)(?:[.;:]| \(|$)`)
	eachOf      = regexp.MustCompile(`(?:^|\. |\n)([a-z][a-z0-9-]*): `)
	severalTold = regexp.MustCompile(`(?i)may be (?:repeated|several)|one more `)
)

// finish derives what the text of a flag says in words.
func (o *option) finish() {
	if len(o.doc) > 0 {
		if m := headDefault.FindStringSubmatch(o.doc[0]); m != nil && len(o.doc) > 1 {
			o.doc = append(o.doc[1:], o.doc[0]) // internal/config has the default first
			if o.value == "" {
				o.value, o.repeat = wanted(m[1])
			}
		}
	}
	text := strings.Join(o.doc, "\n")
	o.repeat = o.repeat || severalTold.MatchString(text)
	if m := oneOf.FindStringSubmatch(text); m != nil {
		o.values = append(strings.Split(m[1], ", "), m[2])
		return
	}
	for _, m := range eachOf.FindAllStringSubmatch(text, -1) {
		o.values = append(o.values, m[1])
	}
	if len(o.values) < 2 || o.value == "" {
		o.values = nil
	}
}

var (
	aTime   = regexp.MustCompile(`^\d+(?:ms|s|m|h)$`)
	aNumber = regexp.MustCompile(`^\d+$`)
)

// wanted is a placeholder for a setting with this default, and whether it is a list.
func wanted(standard string) (string, bool) {
	switch {
	case standard == "true" || standard == "false":
		return "", false
	case strings.HasPrefix(standard, "["):
		return "VALUE", true
	case strings.HasPrefix(standard, `"/`):
		return "FILE", false
	case aTime.MatchString(standard):
		return "TIME", false
	case aNumber.MatchString(standard):
		return "N", false
	default:
		return "VALUE", false
	}
}

// fromUsage are the commands that lines of usage name. They take the program's flags, and those below "with COMMAND".
func fromUsage(h *help) (all []help) {
	own := map[string][]group{}
	h.groups = slices.DeleteFunc(h.groups, func(g group) bool {
		name, is := strings.CutPrefix(g.title, "with ")
		if is = is && !strings.Contains(name, " "); is {
			own[name] = append(own[name], group{flags: g.flags})
		}
		return is
	})
	for _, f := range h.usage {
		words := strings.Fields(f.line)[1:]
		if len(words) > 0 && strings.HasPrefix(words[0], "[") {
			words = words[1:]
		}
		if len(words) == 0 || words[0] != strings.ToLower(words[0]) || strings.HasPrefix(words[0], "[") {
			continue
		}
		names := strings.Split(words[0], "|")
		c := help{brief: f.brief, usage: []form{{line: f.line}}}
		if len(names) == 1 {
			c.groups = append(own[names[0]], h.groups...)
		}
		for _, c.name = range names {
			all = append(all, c)
		}
	}
	return all
}

// flags are those of all groups.
func (h help) flags() (all []option) {
	for _, g := range h.groups {
		all = append(all, g.flags...)
	}
	return all
}

// add gives it a flag that its help does not name.
func (h *help) add(o option) {
	if slices.ContainsFunc(h.flags(), func(has option) bool { return has.name == o.name }) {
		return
	}
	if len(h.groups) == 0 {
		h.groups = []group{{}}
	}
	last := slices.Clone(h.groups[len(h.groups)-1].flags)
	h.groups = slices.Clone(h.groups)
	h.groups[len(h.groups)-1].flags = append(last, o)
}
