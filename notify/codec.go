package notify

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// The journal is text, a line for each thing, words with blanks between them; what may hold a blank is quoted as in Go. It is not
// JSON because a hook reads and writes it at each change of state, and the first use of a JSON library costs
// as much as starting the program.

// encoder appends words to a line.
type encoder struct{ b []byte }

// line begins one.
func (e *encoder) line(kind string) {
	if len(e.b) > 0 {
		e.b = append(e.b, '\n')
	}
	e.b = append(e.b, kind...)
}

func (e *encoder) word(s string) {
	if s == "" {
		s = "-"
	}
	e.b = append(append(e.b, ' '), s...)
}

func (e *encoder) text(s string) { e.b = strconv.AppendQuote(append(e.b, ' '), s) }

func (e *encoder) int(n int64) { e.b = strconv.AppendInt(append(e.b, ' '), n, 10) }

func (e *encoder) uint(n uint64) { e.b = strconv.AppendUint(append(e.b, ' '), n, 10) }

func (e *encoder) bool(t bool) { e.b = strconv.AppendBool(append(e.b, ' '), t) }

// time is in nanoseconds since 1970; 0 for no time.
func (e *encoder) time(t time.Time) {
	n := int64(0)
	if !t.IsZero() {
		n = t.UnixNano()
	}
	e.int(n)
}

// decoder takes words off a line. After the first mistake all words are empty.
type decoder struct {
	rest []byte
	err  error
}

var errShort = errors.New("a line is too short")

func (d *decoder) more() bool { return d.err == nil && len(d.rest) > 0 }

func (d *decoder) next() string {
	if d.err != nil {
		return ""
	}
	if len(d.rest) == 0 {
		d.err = errShort
		return ""
	}
	word, rest, _ := bytes.Cut(d.rest, []byte(" "))
	d.rest = rest
	return string(word)
}

func (d *decoder) word() string {
	if w := d.next(); w != "-" {
		return w
	}
	return ""
}

func (d *decoder) text() string {
	if d.err != nil {
		return ""
	}
	// What needs no unquoting is the rule: printable, no quote and no backslash in it.
	if len(d.rest) > 1 && d.rest[0] == '"' {
		if end := bytes.IndexAny(d.rest[1:], "\"\\"); end >= 0 && d.rest[1+end] == '"' && utf8.Valid(d.rest[1:1+end]) {
			s := string(d.rest[1 : 1+end])
			d.rest = bytes.TrimPrefix(d.rest[end+2:], []byte(" "))
			return s
		}
	}
	quoted, err := strconv.QuotedPrefix(string(d.rest))
	if err != nil {
		d.err = errors.New("want text in quotes at " + quote(string(d.rest), 20))
		return ""
	}
	d.rest = bytes.TrimPrefix(d.rest[len(quoted):], []byte(" "))
	s, err := strconv.Unquote(quoted)
	d.fail(err)
	return s
}

func (d *decoder) int() int64 {
	n, err := strconv.ParseInt(d.next(), 10, 64)
	d.fail(err)
	return n
}

func (d *decoder) uint() uint64 {
	n, err := strconv.ParseUint(d.next(), 10, 64)
	d.fail(err)
	return n
}

func (d *decoder) bool() bool {
	t, err := strconv.ParseBool(d.next())
	d.fail(err)
	return t
}

func (d *decoder) time() time.Time {
	if n := d.int(); n != 0 {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (e *encoder) event(x Event) {
	e.word(string(x.Kind))
	e.text(x.Name)
	e.word(string(x.State))
	e.int(int64(x.Priority))
	e.word(string(x.Source))
	e.mark(x.Mark)
	e.time(x.At)
	e.bool(x.Late)
}

func (d *decoder) event() Event {
	return Event{
		Subject: Subject{Kind(d.word()), d.text()}, State: State(d.word()), Priority: int(d.int()), Source: Source(d.word()),
		Mark: d.mark(), At: d.time(), Late: d.bool(),
	}
}

func (e *encoder) mark(m Mark) {
	e.int(int64(m.Born))
	e.int(int64(m.PID))
}

func (d *decoder) mark() Mark { return Mark{time.Duration(d.int()), int(d.int())} }

func (e *encoder) counts(all map[State]uint64) {
	e.int(int64(len(all)))
	keys := make([]State, 0, len(all))
	for s := range all {
		keys = append(keys, s)
	}
	slices.Sort(keys)
	for _, s := range keys {
		e.word(string(s))
		e.uint(all[s])
	}
}

func (d *decoder) counts() map[State]uint64 {
	n := d.int()
	if n == 0 || d.err != nil {
		return nil
	}
	all := map[State]uint64{}
	for range n {
		s := State(d.word())
		all[s] = d.uint()
		if d.err != nil {
			return nil
		}
	}
	return all
}

func (e *encoder) server(s Server) {
	e.addrPort(s.Virtual.Addr)
	e.word(s.Virtual.Proto)
	e.uint(uint64(s.Virtual.Mark))
	e.text(s.Virtual.Group)
	e.uint(uint64(s.Virtual.Port))
	e.addrPort(s.Real)
}

func (d *decoder) server() Server {
	return Server{Virtual{d.addrPort(), d.word(), uint32(d.uint()), d.text(), uint16(d.uint())}, d.addrPort()}
}

func (e *encoder) addrPort(a netip.AddrPort) {
	if !a.IsValid() {
		e.word("")
		return
	}
	e.b = a.AppendTo(append(e.b, ' '))
}

func (d *decoder) addrPort() netip.AddrPort {
	s := d.word()
	if s == "" {
		return netip.AddrPort{}
	}
	a, err := netip.ParseAddrPort(s)
	d.fail(err)
	return a
}
