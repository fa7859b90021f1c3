package keepalived

import "strings"

// maxLine is the size of keepalived's line buffer (MAXBUF in lib/parser.h).
// The terminating NUL takes one byte of it.
const maxLine = 1024

// definition is the text behind a $NAME. Lines of a multi-line text are
// separated by newlines.
type definition struct {
	text      string
	multiline bool
	standard  standard // not 0: keepalived computes the text
}

type standard int

const (
	workingDirectory standard = iota + 1
	instanceName
	random
)

// rest is a multi-line text that is being read, and the number of open
// sequences when it began: those that it opens itself are finished first.
type rest struct {
	text      string
	sequences int
}

func standardDefinitions() map[string]*definition {
	return map[string]*definition{
		"_PWD":      {standard: workingDirectory},
		"_INSTANCE": {standard: instanceName},
		"_RANDOM":   {standard: random},
		"_HASH":     {text: "#"},
		"_BANG":     {text: "!"},
	}
}

// define takes a line of the form $NAME=TEXT. No blank may precede the =.
func (r *reader) define(line string) bool {
	name, text, ok := strings.Cut(line[1:], "=")
	if !ok || name == "" || isDigit(name[0]) {
		return false
	}
	for i := range len(name) {
		if !isName(name[i]) {
			return false
		}
	}
	text = strings.TrimLeft(text, blank)
	d := &definition{text: text}
	if before, continued := strings.CutSuffix(text, `\`); continued {
		d.multiline = true
		if d.text = strings.TrimRight(before, blank); d.text != "" {
			d.text += "\n"
		}
		r.defining = d
	}
	r.definitions[name] = d
	return true
}

// defineMore adds a line to the definition that is being read.
func (r *reader) defineMore(line string) {
	d := r.defining
	before, continued := strings.CutSuffix(line, `\`)
	if !continued {
		r.endDefinition()
		d.text += line
		return
	}
	if before = strings.TrimRight(before, blank); before != "" {
		d.text += before + "\n"
	}
}

// endDefinition ends a multi-line definition. One that has no text before its
// last line is a plain one.
func (r *reader) endDefinition() {
	if r.defining != nil && r.defining.text == "" {
		r.defining.multiline = false
	}
	r.defining = nil
}

// reference is a $NAME or ${NAME} at the start of a text.
type reference struct {
	*definition
	name   string
	params string
	length int // of what is replaced, the $ included
}

// lookup finds what the text after a $ refers to. Without braces a name must
// end at a blank, a comma, a closing parenthesis or the end of the line. A
// multi-line definition can only stand at the end of a line.
func (r *reader) lookup(s string) (reference, bool) {
	ref := reference{}
	inner, braces := strings.CutPrefix(s, "{")
	n := 0
	for n < len(inner) && isName(inner[n]) && (n > 0 || !isDigit(inner[0])) {
		n++
	}
	if n == 0 {
		return ref, false
	}
	ref.name = inner[:n]
	last := false
	if braces {
		end := n
		for end < len(inner) && (inner[end] == ' ' || isDigit(inner[end])) {
			end++
		}
		if end == len(inner) || inner[end] != '}' || inner[end-1] == ' ' && strings.TrimSpace(inner[n:end]) != "" {
			return r.environment(s, ref)
		}
		ref.params = strings.TrimSpace(inner[n:end])
		ref.length = 1 + 1 + end + 1
		last = end+1 == len(inner)
	} else {
		if n < len(inner) && strings.IndexByte(" \t,)", inner[n]) < 0 {
			return ref, false
		}
		ref.length = 1 + n
		last = n == len(inner)
	}
	d, ok := r.definitions[ref.name]
	if !ok {
		r.note(Trap, "%s is not defined: keepalived reads the text as it stands", quote("$"+s[:ref.length-1]))
		return ref, false
	}
	ref.definition = d
	if d.multiline && !last || ref.params != "" && d.standard != random {
		return ref, false
	}
	return ref, true
}

// replace puts definitions in place of references, again and again until none
// is left. changed is false if nothing was replaced, or if the line would
// become too long: keepalived then goes on with what it has.
func (r *reader) replace(line string, pending *rest) (text string, next *rest, changed bool) {
	next = pending
	for i, n := 0, 0; ; n++ {
		at := strings.IndexByte(line[i:], '$')
		if at < 0 || i+at+1 == len(line) {
			break
		}
		i += at
		ref, ok := r.lookup(line[i+1:])
		if !ok {
			i++
			continue
		}
		changed = true
		if n == maxLine {
			r.note(Fatal, "%s is defined by itself: keepalived never ends reading this line", quote("$"+ref.name))
			return line[:i], pending, true
		}
		text := r.textOf(ref)
		if ref.multiline {
			var after string
			text, after, _ = strings.Cut(text, "\n")
			if next != nil {
				r.suspended = append(r.suspended, *next)
			}
			r.textDepth = len(r.sequences)
			next = &rest{text: after, sequences: r.textDepth}
		}
		if len(line)-ref.length+len(text) >= maxLine {
			r.note(Trap, "with the text of %s the line exceeds %d bytes: keepalived does not replace it", quote("$"+ref.name), maxLine-1)
			return line, pending, false
		}
		line = line[:i] + text + line[i+ref.length:]
		if strings.HasPrefix(strings.TrimLeft(text, blank), "~") {
			break
		}
	}
	return line, next, changed
}

// environment takes ${_ENV NAME}: since 2.4 keepalived puts a variable of its
// environment here, which is not known.
func (r *reader) environment(s string, ref reference) (reference, bool) {
	end := strings.IndexByte(s, '}')
	if r.release < v240 || ref.name != "_ENV" || end < 0 {
		return ref, false
	}
	r.note(Unresolved, "%s is a variable of keepalived's environment", quote("$"+s[:end+1]))
	ref.definition, ref.length = &definition{}, end+2
	return ref, true
}

func (r *reader) textOf(ref reference) string {
	switch ref.standard {
	case workingDirectory:
		return r.directory()
	case instanceName:
		return r.configID
	case random:
		r.note(Unresolved, "${_RANDOM} is another number for each process of keepalived and at each start")
		first, _, _ := strings.Cut(ref.params, " ")
		if first == "" {
			first = "0"
		}
		return first
	default:
		return ref.text
	}
}
