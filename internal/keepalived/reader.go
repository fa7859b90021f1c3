package keepalived

import (
	"fmt"
	"strings"
)

// reader turns files into logical lines: comments gone, conditions decided,
// definitions and sequences expanded, each brace on a line of its own. Its
// rules are those of read_line() in keepalived's lib/parser.c, and its limits
// are ours, since the text can ask for work without end.
//
// keepalived's parent process copies what it reads, and the others read that
// copy. This shows in three places, each named where it is handled.
type reader struct {
	source
	by       process
	release  release
	copy     bool // this process reads the copy
	configID string

	definitions map[string]*definition
	defining    *definition // multi-line, being read
	defined     []byte      // of its text
	sequences   []*sequence
	tally              // of these, as keepalived has it
	text        *rest  // of a multi-line definition, being used
	suspended   []rest // those that were interrupted by another
	textDepth   uint32 // open sequences when text began
	residue     string // after a brace

	most     Options
	lines    int   // that may still be produced
	bytes    int   // of lines and of texts put into them that may still be produced
	stopped  error // at a limit
	unclosed []Pos // opening braces
	here     Pos
	report   func(Note)
}

func newReader(o Options, by process, before tally, report func(Note)) *reader {
	r := &reader{
		tally:       before,
		by:          by,
		release:     o.release,
		copy:        by != parent,
		configID:    o.ConfigID,
		definitions: standardDefinitions(o.release),
		most:        o,
		lines:       o.MaxLines,
		bytes:       o.MaxBytes,
		report:      report,
	}
	r.source = source{
		fsys: o.FS, dir: o.Dir, texts: map[string][]byte{}, bytes: o.MaxBytes, names: o.MaxNames, note: r.note,
		lost: r.loseFile, stop: r.stop,
	}
	if r.copy { // The parent has met the same files.
		r.source.note = func(NoteKind, string, ...any) {}
		r.source.lost = func(Note) {}
	}
	return r
}

func (r *reader) note(k NoteKind, format string, args ...any) {
	r.report(Note{Pos: r.here, Kind: k, Text: fmt.Sprintf(format, args...)})
}

// loseFile notes a file that is not read.
func (r *reader) loseFile(n Note) {
	n.Pos = r.here
	r.report(n)
}

// readLine returns the next logical line.
func (r *reader) readLine() (line string, ok bool) {
	for {
		line, ok := r.fetch()
		if !ok {
			return "", false
		}
		if line = r.resolve(line); line == "" {
			continue
		}
		if pattern, strict, ok := includeLine(line); ok {
			// The parent writes both this line and the text of the file to the
			// copy, so that the others read the file twice.
			if r.openInclude(pattern, strict) && r.copy {
				r.note(Trap, "keepalived reads an include behind a condition or a definition twice")
				r.again()
			}
			continue
		}
		return r.splitBraces(line), true
	}
}

// fetch returns the next text from where it is due: behind a brace, from a
// sequence, from a definition of several lines, from a file.
func (r *reader) fetch() (line string, ok bool) {
	if !r.spend(1, 0) {
		return "", false
	}
	switch {
	case r.residue != "":
		line, r.residue = r.residue, ""
	case len(r.sequences) > 0 && r.counted > r.textDepth:
		last := len(r.sequences) - 1
		s := r.sequences[last]
		line = s.text
		if !s.turn(r.set) {
			r.sequences = r.sequences[:last]
			r.counted--
		}
	case r.text != nil:
		before, after, more := strings.Cut(r.text.text, "\n")
		line = before
		if more {
			r.text.text = after
		} else {
			r.resume()
		}
	default:
		return r.fileLine()
	}
	return line, r.spend(0, len(line))
}

// resume goes back to the text that the finished one interrupted.
func (r *reader) resume() {
	r.text, r.textDepth = nil, 0
	if last := len(r.suspended) - 1; last >= 0 {
		outer := r.suspended[last]
		r.suspended = r.suspended[:last]
		r.text, r.textDepth = &outer, outer.sequences
	}
}

// set gives a variable of a sequence its value. A definition of several lines
// with that name stays one, so that keepalived knows it at the end of a line only.
func (r *reader) set(name, value string) {
	before, ok := r.definitions[name]
	was := ok && before.multiline
	r.definitions[name] = &definition{text: value, multiline: was, variable: was}
}

// fileLine reads from a file what is neither blank nor an include.
func (r *reader) fileLine() (string, bool) {
	for {
		piece, ok := r.nextPiece()
		if !ok {
			return "", false
		}
		if r.here = r.pos(); !r.spend(1, len(piece.text)) {
			return "", false
		}
		if r.lost(piece) {
			r.blankLine("")
			continue
		}
		line, open := decomment(piece.text, r.release)
		if open {
			r.note(Ignored, openQuote)
		}
		pattern, strict, isInclude := includeLine(line)
		if line == "" || isInclude && r.defining == nil {
			r.blankLine(piece.text)
			if isInclude {
				r.openInclude(pattern, strict)
			}
			continue
		}
		if !r.copy {
			return line, true
		}
		if isInclude {
			r.blankLine(piece.text)
			continue
		}
		// The copy is read with the same rules for comments, but an escaped #
		// or ! has lost its backslash by now.
		again, _ := decomment(line, r.release)
		if again != line {
			r.note(Trap, `\# and \! do not help: keepalived reads the line twice and takes the rest for a comment; put the character between quotes`)
		}
		if again != "" {
			return again, true
		}
	}
}

// lost notes what keepalived loses of a line, and reports that it is all of
// it: since 2.4 for a NUL byte, and for a piece that fills the buffer.
func (r *reader) lost(p piece) bool {
	since := r.release >= v240
	if p.nul {
		if since && !p.last {
			r.note(Ignored, "a NUL byte: keepalived ignores the line: write it without")
			return true
		}
		r.note(Trap, "a NUL byte: keepalived ignores what follows it on the line, and since 2.4 the whole line: write it without")
		return false
	}
	if p.cut || p.rest {
		kind := Trap
		if since {
			kind = Ignored // keepalived says so.
		}
		r.note(kind, "the line is longer than %d bytes: keepalived reads what is beyond as another line, and since 2.4 only that", maxLine-2)
	}
	return since && p.full
}

// blankLine ends a definition of several lines. A comment or an include does so
// only in the copy, where it has become a blank line.
func (r *reader) blankLine(raw string) {
	if raw != "" {
		if !r.copy {
			return
		}
		if r.defining != nil {
			r.note(Trap, "a comment or an include ends the definition that it stands in")
		}
	}
	r.endDefinition()
}

func (r *reader) openInclude(pattern string, strict strictness) bool {
	c := r.include
	return r.open(pattern, strictness{
		read:     strict.read || c.read,
		match:    strict.match || c.match,
		wildcard: strict.wildcard || c.wildcard,
		brace:    strict.brace || c.brace,
	})
}

// includeLine reads "include PATTERN" and its stricter forms. The pattern is
// all of the line: blanks and quotes belong to it.
func includeLine(line string) (pattern string, strict strictness, ok bool) {
	rest, ok := strings.CutPrefix(line, "include")
	if !ok || rest == "" {
		return "", strict, false
	}
	if strings.IndexByte(whitespace, rest[0]) < 0 {
		if len(rest) < 2 || strings.IndexByte("rmwba", rest[0]) < 0 || strings.IndexByte(whitespace, rest[1]) < 0 {
			return "", strict, false
		}
		c := rest[0]
		strict = strictness{
			read:     true,
			match:    c == 'm' || c == 'w' || c == 'a',
			wildcard: c == 'w' || c == 'a',
			brace:    c == 'b' || c == 'a',
		}
		rest = rest[1:]
	}
	return strings.TrimLeft(rest[1:], blank), strict, true
}

// resolve decides conditions, takes definitions and sequences, and replaces
// references. It returns nothing for a line that is used up.
func (r *reader) resolve(line string) string {
	if r.defining != nil {
		r.defineMore(line)
		return ""
	}
	length := len(line) // as keepalived has it
	for turns := 0; line != ""; turns++ {
		if line[0] == '@' {
			if line, length = r.condition(line, length); line == "" {
				return ""
			}
		}
		if line[0] == '$' && r.define(line) {
			return ""
		}
		if strings.HasPrefix(line, "~SEQ") || strings.HasPrefix(line, "~LST") {
			r.sequence(line)
			return ""
		}
		if line[0] == '~' || !strings.Contains(line, "$") || turns == maxLine {
			return line
		}
		text, next, changed := r.replace(line, r.text)
		if line = text; !changed {
			return line
		}
		r.text = next
		line, _ = decomment(line, r.release)
		if !strings.HasPrefix(line, "@") && !strings.Contains(line, "$") {
			return line
		}
		if what := secondLook(line); what != "" {
			r.noteSecondLook(what)
		}
		if r.release >= v240 {
			return line
		}
		if r.release >= v228 {
			length = len(line)
		}
	}
	return ""
}

func (r *reader) sequence(line string) {
	depth, suspended := r.textDepth, len(r.suspended)
	s, ok := parseSequence(line, func(numbers string) string {
		text, _, _ := r.replace(numbers, nil)
		return text
	})
	r.textDepth, r.suspended = depth, r.suspended[:suspended]
	if !ok {
		r.report(badSequence(r.here, line))
		if strings.HasPrefix(line, "~LST") {
			r.miscount(r.here)
		}
		return
	}
	for _, name := range s.names {
		if d, ok := r.definitions[name]; ok && d.multiline {
			r.note(
				Trap,
				"%s is a definition of several lines, so that keepalived does not put the values of the sequence before the end of a line: take another name",
				quote("$"+name),
			)
		}
	}
	if len(r.sequences) == maxNested {
		r.stop("sequences within each other more than %d deep, the limit of this reader", maxNested)
		return
	}
	r.sequences = append(r.sequences, s)
	if r.counted++; r.counted <= r.textDepth {
		r.report(Note{
			Pos: r.here, Kind: Unresolved, Mend: "correct the ~LST, then restart keepalived",
			Text: fmt.Sprintf(
				"keepalived has lost count of its sequences over the malformed ~LST at %s: it reads this one elsewhere or not at all, and a reload may change which",
				r.wrongSince,
			),
		})
	}
}

// splitBraces returns the line up to its first brace, or that brace alone, and
// keeps the rest for the next line. Braces within quotes are text.
func (r *reader) splitBraces(line string) string {
	at := firstBrace(line)
	switch {
	case at == 0:
		r.residue = strings.Trim(line[1:], blank)
		line = line[:1]
	case at > 0:
		r.residue = strings.TrimRight(line[at:], blank)
		line = line[:at]
	}
	line = strings.TrimRight(line, blank)
	switch line {
	case "{":
		r.unclosed = append(r.unclosed, r.here)
	case "}":
		if len(r.unclosed) == 0 {
			r.note(Ignored, "a closing brace too many")
		} else {
			r.unclosed = r.unclosed[:len(r.unclosed)-1]
		}
	}
	return line
}

func firstBrace(line string) int {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '{', '}':
			return i
		case '"':
			end := strings.IndexByte(line[i+1:], '"')
			if end < 0 {
				return -1
			}
			i += end + 1
		}
	}
	return -1
}

const openQuote = "a quote is not closed: keepalived ignores what follows it"

// quote puts a text of the configuration between quotes, shortened.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most] + "…"
	}
	return fmt.Sprintf("%q", s)
}
