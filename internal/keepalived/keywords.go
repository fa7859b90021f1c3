package keepalived

import (
	"math"
	"slices"
	"strings"
	"time"
)

// keywordsOf are the words that a process of keepalived knows outside all blocks.
func keywordsOf(by process) []keyword {
	var all []keyword
	add := func(keywords []keyword, owners ...process) {
		for _, k := range keywords {
			k.skip = !slices.Contains(owners, by)
			all = append(all, k)
		}
	}
	add(globalKeywords(), parent)
	add(lvsKeywords(), checkers)
	add(sharedKeywords(), checkers, vrrp)
	add(vrrpKeywords(), vrrp)
	return all
}

// at is a value that the present line sets.
func at[T any](p *parser, v T) Value[T] { return Value[T]{v, p.here} }

// Each of the following makes the keyword of one kind of setting. The field is
// nil when there is no block to which it could belong, because keepalived has
// discarded it.

// timer is a time in seconds, least and most in microseconds.
func timer(name string, least, most uint64, field func(*parser) *Value[time.Duration]) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		w, ok := p.word(words, 1)
		if !ok {
			return
		}
		n := microseconds(w, least, most)
		if f := field(p); p.accept(words, n) && f != nil {
			*f = at(p, duration(n.v))
		}
	}}
}

// integer is a decimal number. A lenient one may have other text behind it.
func integer[T int | uint8 | uint16 | uint32](name string, least, most uint64, lenient bool, field func(*parser) *Value[T]) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		w, ok := p.word(words, 1)
		if !ok {
			return
		}
		n := readUnsigned(w, least, most, lenient)
		if f := field(p); p.accept(words, n) && f != nil {
			*f = at(p, T(n.v))
		}
	}}
}

// retry is a number of tries. The largest is keepalived's mark for a number
// that is not set.
func retry(least uint64, lenient bool, field func(*parser) *Value[uint32]) keyword {
	return integer("retry", least, maxUint32-1, lenient, field)
}

// accept notes the complaint about a number and reports whether it counts.
func (p *parser) accept(words []string, n number) bool {
	switch {
	case !n.ok:
		p.note(Ignored, "%s: %s", words[0], n.complaint)
	case n.complaint != "":
		p.note(Adjusted, "%s: %s", words[0], n.complaint)
	}
	if n.trap != "" {
		p.note(Trap, "%s: %s", words[0], n.trap)
	}
	return n.ok
}

// acceptOr is accept for a number without which something is lost.
func (p *parser) acceptOr(lost, mend string, words []string, n number) bool {
	if !n.ok {
		p.lose(lost, mend, "%s: %s", words[0], n.complaint)
		return false
	}
	return p.accept(words, n)
}

// boolean is a setting that is true when it stands alone.
func boolean(name string, field func(*parser) *Value[bool]) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		v := true
		if len(words) > 1 {
			var ok bool
			if v, ok = truth(words[1]); !ok {
				p.note(Ignored, "%s: %s is neither true nor false", name, quote(words[1]))
				return
			}
		}
		if f := field(p); f != nil {
			*f = at(p, v)
		}
	}}
}

// flag is a setting that is true whatever follows it.
func flag(name string, field func(*parser) *Value[bool]) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		if len(words) > 1 {
			if v, ok := truth(words[1]); ok && !v {
				p.note(Trap, "%s has no value: keepalived ignores %s and switches it on", name, quote(words[1]))
			}
		}
		if f := field(p); f != nil {
			*f = at(p, true)
		}
	}}
}

// text is a word. keepalived reports one that is missing, and goes on.
func text(name string, field func(*parser) *Value[string]) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		if len(words) < 2 {
			p.note(Ignored, "%s needs a value", name)
			return
		}
		if f := field(p); f != nil {
			*f = at(p, words[1])
		}
	}}
}

// alone is a word that must be the last of its line.
func alone(name string, field func(*parser) *Value[string]) keyword {
	k := text(name, field)
	return keyword{name: name, handle: func(p *parser, words []string) {
		if len(words) > 2 {
			p.note(Ignored, "%s has one value: keepalived ignores the line", name)
			return
		}
		k.handle(p, words)
	}}
}

// other is a statement that is kept as it stands.
func other(name string, list func(*parser) *[]Statement) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		if l := list(p); l != nil {
			*l = append(*l, Statement{Pos: p.here, Words: words})
		}
	}}
}

// lines is a block of lines that are kept as they stand.
func lines(name string, list func(*parser) *[]Statement) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		s := Statement{Pos: p.here, Words: words}
		p.values(words, func(words []string) {
			s.Block = append(s.Block, Statement{Pos: p.here, Words: words})
		})
		if l := list(p); l != nil {
			*l = append(*l, s)
		}
	}}
}

// nested is a block of known keywords that are kept as they stand.
func nested(name string, list func(*parser) *[]Statement, names string) keyword {
	inner := func(p *parser) *[]Statement { return &p.block.Block }
	return keyword{
		name: name,
		handle: func(p *parser, words []string) {
			p.block = &Statement{Pos: p.here, Words: words}
		},
		sub: others(inner, names),
		end: func(p *parser) {
			if l := list(p); l != nil {
				*l = append(*l, *p.block)
			}
		},
	}
}

// others are keywords of that kind; @ and a version follows a newer one.
func others(list func(*parser) *[]Statement, names string) []keyword {
	var all []keyword
	for _, name := range strings.Fields(names) {
		name, since, _ := strings.Cut(name, "@")
		k := other(name, list)
		k.since = since
		all = append(all, k)
	}
	return all
}

// from makes a keyword known since a version.
func from(since string, k keyword) keyword {
	k.since = since
	return k
}

// command is a script, with user and group behind it. keepalived keeps the
// first that it finds.
func command(name string, field func(*parser) *Script) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		f := field(p)
		if f == nil {
			return
		}
		if f.IsSet() {
			p.note(Ignored, "%s is already %s at %s", name, quote(f.Program()), f.Pos)
			return
		}
		*f = p.script(words, true)
	}}
}

// script reads the command of the present line: the second word of its second
// reading, read a third time. users says that words behind it are user and
// group; otherwise keepalived ignores them.
func (p *parser) script(words []string, users bool) Script {
	// Escapes are undone at the first reading too before 2.3.2.
	fields, ok := splitEscaped(p.line, p.release, p.release < v232)
	if !ok {
		if users {
			p.note(Ignored, "%s: a quote is not closed: keepalived runs nothing", words[0])
		} else {
			p.note(Fatal, "%s: a quote is not closed: close it at the end of the command", words[0])
		}
		return Script{}
	}
	if len(fields) < 2 {
		p.note(Ignored, "%s needs a command", words[0])
		return Script{}
	}
	s := Script{Pos: p.here}
	if s.Argv, ok = splitEscaped(fields[1], p.release, true); !ok || len(s.Argv) == 0 {
		p.note(Ignored, "%s: keepalived cannot read the command", words[0])
		return Script{}
	}
	s.Dropped = fields[2:]
	if users && len(fields) > 2 {
		s.User = fields[2]
		if len(fields) > 3 {
			s.Group = fields[3]
		}
		s.Dropped = fields[min(len(fields), 4):]
		if !userName(s.User) || len(s.Dropped) > 0 {
			p.note(
				Trap,
				"%s: keepalived takes what stands behind %s for the user to run as: put the command and its arguments between quotes",
				words[0], quote(s.Program()),
			)
			return s
		}
	}
	if len(s.Dropped) > 0 {
		p.note(
			Trap, "%s: keepalived ignores what stands behind %s: put the command and its arguments between quotes",
			words[0], quote(s.Program()),
		)
	}
	return s
}

// userName reports whether a word could be a user: what useradd(8) accepts.
func userName(s string) bool {
	for i := range len(s) {
		if !isName(s[i]) && (i == 0 || strings.IndexByte("-.$", s[i]) < 0) {
			return false
		}
	}
	return s != ""
}

const (
	anyTime   = math.MaxUint64 - 1 // TIMER_MAXIMUM
	maxUint32 = math.MaxUint32
	maxWeight = math.MaxInt32 // IPVS_WEIGHT_LIMIT
)
