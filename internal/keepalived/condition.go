package keepalived

import "strings"

// secondLook names what a definition stands for that keepalived understands
// only because it looks at a line again once it has replaced the definitions.
func secondLook(line string) string {
	if strings.HasPrefix(line, "@") {
		return "condition"
	}
	if strings.HasPrefix(line, "~SEQ") || strings.HasPrefix(line, "~LST") {
		return "sequence"
	}
	if _, _, ok := splitDefinition(line); ok {
		return "definition"
	}
	return ""
}

func (r *reader) noteSecondLook(what string) {
	if r.release >= v240 {
		r.note(Trap, "a definition stands for a %s here, which means nothing since keepalived 2.4: write the %[1]s into the line itself", what)
		return
	}
	r.note(
		Trap,
		"a definition stands for a %s here, which means nothing from keepalived 2.4 on: before an upgrade write the %[1]s into the line itself",
		what,
	)
}

// condition returns what follows @ID if this is keepalived ID, and what
// follows @^ID if it is not.
func (r *reader) condition(line string, length int) (rest string, left int) {
	id, reverse := strings.CutPrefix(line[1:], "^")
	end := strings.IndexAny(id, blank)
	if end < 0 {
		return "", 0
	}
	same := r.configID != "" && id[:end] == r.configID
	if same == reverse {
		return "", 0
	}
	text := strings.TrimLeft(id[end:], blank)
	left = length - (len(line) - len(text))
	rest, ok := moved(line, text, left)
	switch {
	case !ok:
		r.note(Fatal, "a definition stands for a condition and the text behind it: write the condition into the line itself")
	case rest != text:
		r.note(
			Trap,
			"before 2.2.8 keepalived reads %s here, since the definition in front is longer than its name: write the condition into the line itself",
			quote(rest),
		)
	}
	return rest, left
}

// moved is what a line becomes when keepalived moves the text behind a
// condition to its start. It moves length bytes and one more, and before 2.2.8
// that is the length from before the definitions were replaced: where that is
// too short, the end of the line stays behind the part that was moved. ok is
// false for a length that no line can have.
func moved(line, text string, length int) (rest string, ok bool) {
	switch {
	case length < -1:
		return "", false
	case length >= len(text):
		return text, true
	}
	return text[:length+1] + line[length+1:], true
}
