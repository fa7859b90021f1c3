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
	variable  bool     // a sequence has set the text of a multi-line one, which stays multi-line
	standard  standard // not 0: keepalived computes the text
}

type standard int

const (
	workingDirectory standard = iota + 1
	instanceName
	random
	environment
)

// rest is a multi-line text that is being read, and the number of open
// sequences when it began: those that it opens itself are finished first.
type rest struct {
	text      string
	sequences uint32
}

func standardDefinitions(by release) map[string]*definition {
	all := map[string]*definition{
		"_PWD":      {standard: workingDirectory},
		"_INSTANCE": {standard: instanceName},
		"_RANDOM":   {standard: random},
		"_HASH":     {text: "#"},
		"_BANG":     {text: "!"},
	}
	if by >= v240 {
		all["_ENV"] = &definition{standard: environment}
	}
	return all
}

// takes reports whether the definition goes with these parameters.
func (d *definition) takes(params string, by release) bool {
	n := len(strings.Fields(params))
	switch d.standard {
	case environment:
		return n == 1
	case random:
		return strings.Trim(params, blank+"0123456789") == "" && (n <= 2 || by < v240)
	default:
		return n == 0
	}
}

// splitDefinition reads $NAME=TEXT. No blank may precede the =.
func splitDefinition(line string) (name, text string, ok bool) {
	line, isReference := strings.CutPrefix(line, "$")
	name, text, ok = strings.Cut(line, "=")
	if !isReference || !ok || name == "" || isDigit(name[0]) {
		return "", "", false
	}
	for i := range len(name) {
		if !isName(name[i]) {
			return "", "", false
		}
	}
	return name, strings.TrimLeft(text, blank), true
}

// define takes a line that defines something.
func (r *reader) define(line string) bool {
	name, text, ok := splitDefinition(line)
	if !ok {
		return false
	}
	d := &definition{text: text}
	if before, continued := strings.CutSuffix(text, `\`); continued {
		d.multiline = true
		r.defining, r.defined = d, nil
		r.addDefined(before)
	}
	r.definitions[name] = d
	return true
}

// defineMore adds a line to the definition that is being read.
func (r *reader) defineMore(line string) {
	before, continued := strings.CutSuffix(line, `\`)
	if !continued {
		d := r.defining
		r.endDefinition()
		d.text += line
		return
	}
	r.addDefined(before)
}

func (r *reader) addDefined(line string) {
	if line = strings.TrimRight(line, blank); line != "" {
		r.defined = append(append(r.defined, line...), '\n')
	}
}

// endDefinition ends a multi-line definition. One that has no text before its
// last line is a plain one.
func (r *reader) endDefinition() {
	if d := r.defining; d != nil {
		d.text = string(r.defined)
		d.multiline = d.text != ""
	}
	r.defining, r.defined = nil, nil
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
	ref.name, ref.length = inner[:n], 1+n
	written, last := "$"+ref.name, n == len(inner)
	if braces {
		end := n
		for end < len(inner) && r.inParameters(inner[end]) {
			end++
		}
		ref.params = strings.Trim(inner[n:end], blank)
		if end == len(inner) || inner[end] != '}' || ref.params != "" && strings.IndexByte(blank, inner[end-1]) >= 0 {
			return ref, false
		}
		written, ref.length, last = "${"+inner[:end+1], 1+1+end+1, n+1 == len(inner)
		if ref.params == "" {
			// One byte counts as the closing brace, whatever it is.
			ref.length = 1 + 1 + n + 1
		}
	} else if !last && strings.IndexByte(" \t,)", inner[n]) < 0 {
		return ref, false
	}
	d, ok := r.definitions[ref.name]
	if !ok {
		r.note(Trap, "%s is not defined: keepalived reads the text as it stands", quote(written))
		return ref, false
	}
	ref.definition = d
	switch {
	case d.standard == environment && ref.params == "":
		r.note(Fatal, "%s names no variable of the environment: write ${_ENV NAME}", quote(written))
		return ref, false
	case d.multiline && !last, !d.takes(ref.params, r.release):
		return ref, false
	case len(written) > ref.length:
		r.note(Trap, "%s: keepalived leaves the brace in the line, since a blank stands before it: write ${%s}", quote(written), ref.name)
	}
	return ref, true
}

// inParameters reports whether a character may stand between the name of a
// definition and its closing brace.
func (r *reader) inParameters(c byte) bool {
	return c == ' ' || isDigit(c) || r.release >= v240 && (c == '\t' || isName(c))
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
			r.note(Fatal, "%s is defined by itself: take it out of its own text", quote("$"+ref.name))
			return line[:i], pending, true
		}
		text := r.textOf(ref)
		switch {
		case ref.variable:
			r.note(
				Unresolved,
				"%s was a definition of several lines before it became the variable of a sequence, and keepalived reads beyond its end: take another name for one of them",
				quote("$"+ref.name),
			)
		case ref.multiline:
			var after string
			text, after, _ = strings.Cut(text, "\n")
			if len(r.suspended) == maxNested {
				r.stop("definitions within each other more than %d deep, the limit of this reader", maxNested)
				return "", nil, true
			}
			if next != nil {
				r.suspended = append(r.suspended, *next)
			}
			r.textDepth = r.counted
			next = &rest{text: after, sequences: r.textDepth}
		}
		if len(line)-ref.length+len(text) >= maxLine {
			r.note(Trap, "with the text of %s the line exceeds %d bytes: keepalived does not replace it", quote("$"+ref.name), maxLine-1)
			return line, pending, false
		}
		if line = line[:i] + text + line[i+ref.length:]; !r.spend(0, len(line)+replacing) {
			return "", nil, true
		}
		if strings.HasPrefix(strings.TrimLeft(text, blank), "~") {
			break
		}
	}
	return line, next, changed
}

func (r *reader) textOf(ref reference) string {
	switch ref.standard {
	case workingDirectory:
		return r.directory()
	case instanceName:
		return r.configID
	case random:
		r.note(Unresolved, "${_RANDOM} is another number for each process of keepalived and at each start: write the number itself")
		first, _, _ := strings.Cut(ref.params, " ")
		if first == "" {
			first = "0"
		}
		return first
	case environment:
		r.note(Unresolved, "${_ENV %s} is a variable of keepalived's environment: write the value itself", ref.params)
		return ""
	default:
		return ref.text
	}
}
