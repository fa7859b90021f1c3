package notify

import (
	"bytes"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// The kinds of lines.
const (
	headLine      = "journal"
	confLine      = "conf"
	stampLine     = "stamp"
	ownerLine     = "owner"
	groupLine     = "group"
	namelessLine  = "nameless"
	recordLine    = "record"
	actionLine    = "action"
	sysctlLine    = "sysctl"
	serverLine    = "server"
	readerLine    = "reader"
	agreementLine = "agreement"
	eventLine     = "event"
	endLine       = "end"
)

// EncodeEvent writes an event as one line.
func EncodeEvent(x Event) []byte {
	var e encoder
	e.event(x)
	return bytes.TrimPrefix(e.b, []byte(" "))
}

// DecodeEvent reads what EncodeEvent has written.
func DecodeEvent(text string) (Event, error) {
	in := decoder{rest: []byte(text)}
	x := in.event()
	if in.err != nil {
		return Event{}, Because(quote(text, 80)+" is no event", in.err)
	}
	return x, nil
}

// encode writes the journal. The last line says that nothing is missing.
func (d *Document) encode() []byte {
	e := encoder{make([]byte, 0, 4096+len(d.history)*96)}
	e.line(headLine)
	e.int(documentVersion)
	e.text(d.Boot)
	e.uint(d.Generation)
	e.time(d.Written)
	e.uint(d.Late)
	e.uint(d.Discards)
	e.text(d.Discarded)
	if d.Configured != nil {
		d.Configured.encode(&e)
	}
	for _, r := range d.Records {
		e.record(r)
	}
	d.encodeNotes(&e)
	for _, line := range d.history {
		e.line(eventLine)
		e.b = append(append(e.b, ' '), line...)
	}
	e.line(endLine)
	return append(e.b, '\n')
}

func (e *encoder) record(r *Record) {
	e.line(recordLine)
	e.word(string(r.Kind))
	e.text(r.Name)
	e.word(string(r.State))
	e.time(r.Since)
	e.word(string(r.Said))
	e.time(r.SaidAt)
	e.int(int64(r.Priority))
	e.int(int64(r.Held))
	e.int(int64(r.Of))
	e.bool(r.Disagree)
	e.word(string(r.Acted.State))
	e.uint(r.Acted.Transitions)
	e.time(r.LastTransition)
	e.counts(r.Transitions)
	e.counts(r.News)
	for _, x := range r.Recent {
		e.mark(x.Mark)
		e.word(string(x.State))
		e.word(string(x.Source))
	}
}

func (d *decoder) record() *Record {
	r := &Record{
		Subject: Subject{Kind(d.word()), d.text()}, State: State(d.word()), Since: d.time(), Said: State(d.word()), SaidAt: d.time(),
		Priority: int(d.int()), Held: int(d.int()), Of: int(d.int()), Disagree: d.bool(),
		Acted: Acted{State(d.word()), d.uint()}, LastTransition: d.time(), Transitions: d.counts(), News: d.counts(),
	}
	r.Recent = make([]Recent, 0, maxRecent+1)
	for d.more() {
		r.Recent = append(r.Recent, Recent{d.mark(), State(d.word()), Source(d.word())})
	}
	return r
}

func (c *Configured) encode(e *encoder) {
	e.line(confLine)
	e.text(c.File)
	for _, s := range c.Stamps {
		e.line(stampLine)
		e.text(s.Path)
		e.int(s.Time)
		e.int(s.Size)
		e.uint(s.Ino)
	}
	for _, o := range c.Instances {
		e.line(ownerLine)
		e.text(o.Name)
		for _, a := range o.Addresses {
			e.b = a.Addr.AppendTo(append(e.b, ' '))
			e.text(strings.Join(a.Interfaces, ","))
		}
	}
	for _, g := range c.Groups {
		e.line(groupLine)
		e.text(g.Name)
		for _, m := range g.Members {
			e.text(m)
		}
	}
	for _, s := range States() {
		for _, x := range c.Nameless[s] {
			e.line(namelessLine)
			e.word(string(s))
			e.word(string(x.Kind))
			e.text(x.Name)
		}
	}
}

func (d *decoder) owner() Owner {
	o := Owner{Name: d.text()}
	for d.more() {
		addr, err := netip.ParseAddr(d.word())
		d.fail(err)
		a := Address{Addr: addr}
		if on := d.text(); on != "" {
			a.Interfaces = strings.Split(on, ",")
		}
		o.Addresses = append(o.Addresses, a)
	}
	return o
}

func (d *decoder) group() Grouping {
	g := Grouping{Name: d.text()}
	for d.more() {
		g.Members = append(g.Members, d.text())
	}
	return g
}

var errNoEnd = errors.New("its end is missing")

// decodeDocument reads a journal. Of a file that is not whole nothing is taken.
func decodeDocument(text []byte) (*Document, error) {
	if !bytes.HasSuffix(text, []byte(endLine+"\n")) {
		return nil, errNoEnd
	}
	d := &Document{Records: make([]*Record, 0, 8), history: make([][]byte, 0, maxHistory+1)}
	for n := 1; len(text) > 0; n++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		kind, rest, _ := bytes.Cut(line, []byte(" "))
		in := decoder{rest: rest}
		if n == 1 && string(kind) != headLine {
			return nil, errors.New("it begins with something else")
		}
		d.take(string(kind), &in)
		if in.err != nil {
			return nil, Because("line "+strconv.Itoa(n), in.err)
		}
	}
	return d, nil
}

// take puts a line in its place.
func (d *Document) take(kind string, in *decoder) {
	if d.Configured == nil && (kind == stampLine || kind == ownerLine || kind == groupLine || kind == namelessLine) {
		in.fail(errors.New(kind + " without " + confLine))
		return
	}
	switch kind {
	case headLine:
		if d.Version = int(in.int()); in.err == nil && d.Version != documentVersion {
			in.fail(errors.New("it has version " + strconv.Itoa(d.Version) + ", and this program knows " + strconv.Itoa(documentVersion)))
		}
		d.Boot, d.Generation, d.Written, d.Late, d.Discards, d.Discarded = in.text(), in.uint(), in.time(), in.uint(), in.uint(), in.text()
	case confLine:
		d.Configured = &Configured{File: in.text(), Nameless: map[State][]Subject{}}
	case stampLine:
		d.Configured.Stamps = append(d.Configured.Stamps, Stamp{in.text(), in.int(), in.int(), in.uint()})
	case ownerLine:
		d.Configured.Instances = append(d.Configured.Instances, in.owner())
	case groupLine:
		d.Configured.Groups = append(d.Configured.Groups, in.group())
	case namelessLine:
		s := State(in.word())
		d.Configured.Nameless[s] = append(d.Configured.Nameless[s], Subject{Kind(in.word()), in.text()})
	case recordLine:
		d.Records = append(d.Records, in.record())
	case eventLine:
		d.history = append(d.history, in.rest)
	case endLine:
	default:
		d.takeNote(kind, in)
	}
}
