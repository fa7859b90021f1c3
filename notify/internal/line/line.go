// Package line writes and reads lines of words, with blanks between them; what
// may hold a blank is quoted as in Go. The journal is made of them. It is not
// JSON because a hook reads and writes it at each change of state, and the first
// use of a JSON library costs as much as starting the program.
package line

import (
	"bytes"
	"errors"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// Encoder appends words to a line.
type Encoder struct{ B []byte }

// Line begins a line of a kind.
func (e *Encoder) Line(kind string) {
	if len(e.B) > 0 {
		e.B = append(e.B, '\n')
	}
	e.B = append(e.B, kind...)
}

// Word appends a text that has no blank; an empty one is a dash.
func (e *Encoder) Word(s string) {
	if s == "" {
		s = "-"
	}
	e.B = append(append(e.B, ' '), s...)
}

// Text appends any text, in quotes.
func (e *Encoder) Text(s string) { e.B = strconv.AppendQuote(append(e.B, ' '), s) }

// Int appends a number.
func (e *Encoder) Int(n int64) { e.B = strconv.AppendInt(append(e.B, ' '), n, 10) }

// Uint appends a number.
func (e *Encoder) Uint(n uint64) { e.B = strconv.AppendUint(append(e.B, ' '), n, 10) }

// Bool appends true or false.
func (e *Encoder) Bool(t bool) { e.B = strconv.AppendBool(append(e.B, ' '), t) }

// Time is in nanoseconds since 1970; 0 for no time.
func (e *Encoder) Time(t time.Time) {
	n := int64(0)
	if !t.IsZero() {
		n = t.UnixNano()
	}
	e.Int(n)
}

// Decoder takes words off a line. After the first mistake all words are empty.
type Decoder struct {
	Rest []byte
	Err  error
}

var errShort = errors.New("a line is too short")

// More reports whether there are words left.
func (d *Decoder) More() bool { return d.Err == nil && len(d.Rest) > 0 }

func (d *Decoder) next() string {
	if d.Err != nil {
		return ""
	}
	if len(d.Rest) == 0 {
		d.Err = errShort
		return ""
	}
	word, rest, _ := bytes.Cut(d.Rest, []byte(" "))
	d.Rest = rest
	return string(word)
}

// Word takes what [Encoder.Word] has written.
func (d *Decoder) Word() string {
	if w := d.next(); w != "-" {
		return w
	}
	return ""
}

// Text takes what [Encoder.Text] has written.
func (d *Decoder) Text() string {
	if d.Err != nil {
		return ""
	}
	// What needs no unquoting is the rule: printable, no quote and no backslash in it.
	if len(d.Rest) > 1 && d.Rest[0] == '"' {
		if end := bytes.IndexAny(d.Rest[1:], "\"\\"); end >= 0 && d.Rest[1+end] == '"' && utf8.Valid(d.Rest[1:1+end]) {
			s := string(d.Rest[1 : 1+end])
			d.Rest = bytes.TrimPrefix(d.Rest[end+2:], []byte(" "))
			return s
		}
	}
	quoted, err := strconv.QuotedPrefix(string(d.Rest))
	if err != nil {
		d.Err = errors.New("want text in quotes at " + words.Quote(string(d.Rest), 20))
		return ""
	}
	d.Rest = bytes.TrimPrefix(d.Rest[len(quoted):], []byte(" "))
	s, err := strconv.Unquote(quoted)
	d.Fail(err)
	return s
}

// Int takes a number.
func (d *Decoder) Int() int64 {
	n, err := strconv.ParseInt(d.next(), 10, 64)
	d.Fail(err)
	return n
}

// Uint takes a number.
func (d *Decoder) Uint() uint64 {
	n, err := strconv.ParseUint(d.next(), 10, 64)
	d.Fail(err)
	return n
}

// Bool takes true or false.
func (d *Decoder) Bool() bool {
	t, err := strconv.ParseBool(d.next())
	d.Fail(err)
	return t
}

// Time takes what [Encoder.Time] has written.
func (d *Decoder) Time() time.Time {
	if n := d.Int(); n != 0 {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}

// Fail ends the reading of the line, if there is an error and there was none before.
func (d *Decoder) Fail(err error) {
	if d.Err == nil {
		d.Err = err
	}
}

// AddrPort appends an address with its port; a dash stands for none.
func (e *Encoder) AddrPort(a netip.AddrPort) {
	if !a.IsValid() {
		e.Word("")
		return
	}
	e.B = a.AppendTo(append(e.B, ' '))
}

// AddrPort takes what [Encoder.AddrPort] has written.
func (d *Decoder) AddrPort() netip.AddrPort {
	s := d.Word()
	if s == "" {
		return netip.AddrPort{}
	}
	a, err := netip.ParseAddrPort(s)
	d.Fail(err)
	return a
}
