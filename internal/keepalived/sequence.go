package keepalived

import (
	"strconv"
	"strings"
)

// sequence repeats a text once for each value of its variables: ~SEQ, ~SEQx
// and ~LST.
type sequence struct {
	names  []string
	values [][]string // ~LST: what remains

	next, last, step int64 // ~SEQ
	base             int
	counts           bool

	text string
}

// tally is keepalived's count of the open sequences (seq_list_count in its
// lib/parser.c). A malformed ~LST takes one off that was never added, and the
// sequence to come is not read while the count is at its end. The count
// outlives a reading, and the other processes begin with that of the parent.
type tally struct {
	counted    uint32
	wrongSince Pos // the malformed ~LST
}

func (t *tally) miscount(at Pos) {
	t.counted--
	if t.wrongSince.IsZero() {
		t.wrongSince = at
	}
}

// turn sets the variables for the next repetition. more is false at the last.
func (s *sequence) turn(set func(name, value string)) (more bool) {
	if s.counts {
		set(s.names[0], strconv.FormatInt(s.next, s.base))
		left := s.last - s.next
		s.next += s.step
		return left/s.step > 0
	}
	for i, name := range s.names {
		set(name, s.values[0][i])
	}
	s.values = s.values[1:]
	return len(s.values) > 0
}

// parseSequence reads a line that starts with ~SEQ or ~LST. expand replaces
// the references among the numbers of a ~SEQ.
func parseSequence(line string, expand func(string) string) (*sequence, bool) {
	if args, ok := strings.CutPrefix(line, "~LST"); ok {
		return parseList(args)
	}
	args := strings.TrimPrefix(line, "~SEQ")
	args, hex := strings.CutPrefix(args, "x")
	args, ok := strings.CutPrefix(strings.TrimLeft(args, blank), "(")
	if !ok {
		return nil, false
	}
	args = strings.TrimLeft(args, blank)
	end := strings.IndexAny(args, " \t,)")
	if end <= 0 {
		return nil, false
	}
	name, args := args[:end], strings.TrimLeft(args[end:], blank)
	if args == "" || args[0] == ')' {
		return nil, false
	}
	// keepalived skips one character here, whatever it is.
	numbers, text, ok := strings.Cut(strings.TrimLeft(args[1:], blank), ")")
	if !ok || len(numbers) > 62 {
		return nil, false
	}
	start, step, last, ok := parseRange(expand(numbers))
	if !ok || hex && (start < 0 || last < 0) {
		return nil, false
	}
	s := &sequence{names: []string{name}, next: start, step: step, last: last, base: 10, counts: true}
	if hex {
		s.base = 16
	}
	s.text = strings.TrimLeft(text, blank)
	return s, true
}

// parseRange reads END, START,END or START,STEP,END in C notation. A missing
// number is 0.
func parseRange(s string) (start, step, last int64, ok bool) {
	var n []int64
	for _, field := range strings.Split(s, ",") {
		value, rest := scanInt(field)
		if strings.Trim(rest, blank) != "" {
			return 0, 0, 0, false
		}
		n = append(n, value)
	}
	switch len(n) {
	case 1:
		start, step, last = 1, 1, n[0]
		if last < 1 {
			step = -1
		}
		if last < 0 {
			start = -1
		}
	case 2:
		start, step, last = n[0], 1, n[1]
		if start > last {
			step = -1
		}
	case 3:
		start, step, last = n[0], n[1], n[2]
	default:
		return 0, 0, 0, false
	}
	ok = step != 0 && (start == last || start < last == (step > 0))
	// Beyond this the counter of keepalived overflows as well.
	const limit = 1 << 60
	return start, step, last, ok && max(start, step, last) < limit && min(start, step, last) > -limit
}

// scanInt is strtol with base 0: it returns what follows the number.
func scanInt(s string) (n int64, rest string) {
	s = strings.TrimLeft(s, whitespace)
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(s, "+")
	}
	base := int64(10)
	switch {
	case len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' && hexDigit(digits[2]) >= 0:
		base, digits = 16, digits[2:]
	case strings.HasPrefix(digits, "0"):
		base = 8
	}
	i := 0
	for ; i < len(digits); i++ {
		d := int64(hexDigit(digits[i]))
		if d < 0 || d >= base {
			break
		}
		n = min(n*base+d, 1<<61)
	}
	if negative {
		n = -n
	}
	return n, digits[i:]
}

// parseList reads (NAME, VALUE, …) TEXT or ({NAME, …}, {VALUE, …}, …) TEXT.
func parseList(s string) (*sequence, bool) {
	s, ok := strings.CutPrefix(strings.TrimLeft(s, blank), "(")
	if !ok {
		return nil, false
	}
	l := &sequence{}
	if l.names, s, ok = parseSet(s, " \t,}"); !ok || !strings.HasPrefix(s, ",") {
		return nil, false
	}
	for {
		var values []string
		if values, s, ok = parseSet(s[1:], " \t,})"); !ok || len(values) > len(l.names) {
			return nil, false
		}
		for len(values) < len(l.names) {
			values = append(values, "")
		}
		l.values = append(l.values, values)
		if text, end := strings.CutPrefix(s, ")"); end {
			l.text = strings.TrimLeft(text, blank)
			return l, true
		}
		if !strings.HasPrefix(s, ",") {
			return nil, false
		}
	}
}

// parseSet reads one word, or words between braces.
func parseSet(s, ends string) (words []string, rest string, ok bool) {
	s, braces := strings.CutPrefix(strings.TrimLeft(s, blank), "{")
	for {
		s = strings.TrimLeft(s, blank)
		end := strings.IndexAny(s, ends)
		if end < 0 {
			return nil, "", false
		}
		words, s = append(words, s[:end]), strings.TrimLeft(s[end:], blank)
		switch {
		case s == "":
			return nil, "", false
		case !braces:
			return words, s, s[0] == ',' || s[0] == ')'
		case s[0] == '}':
			return words, strings.TrimLeft(s[1:], blank), true
		case s[0] != ',':
			return nil, "", false
		}
		s = s[1:]
	}
}
