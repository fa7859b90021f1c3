package journal

import (
	"bytes"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/line"
	"github.com/lvsdns/lvsdns/notify/internal/words"
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

// version grows when an older program can't read what a newer one writes.
const version = 1

// How much there usually is at most, as package notify bounds it: to make room at once is cheaper than to grow.
const (
	usualRecent = 16 + 1
	usualPast   = 64 + 1
)

// encode writes the journal. The last line says that nothing is missing.
func encode(d *notify.Document) []byte {
	e := line.Encoder{B: make([]byte, 0, 4096+len(d.Past)*96)}
	e.Line(headLine)
	e.Int(version)
	e.Text(d.Boot)
	e.Uint(d.Generation)
	e.Time(d.Written)
	e.Uint(d.Late)
	e.Uint(d.Discards)
	e.Text(d.Discarded)
	if d.Configured != nil {
		encodeConfigured(&e, d.Configured)
	}
	for _, r := range d.Records {
		encodeRecord(&e, r)
	}
	encodeNotes(&e, d)
	for _, past := range d.Past {
		e.Line(eventLine)
		e.B = append(append(e.B, ' '), past...)
	}
	e.Line(endLine)
	return append(e.B, '\n')
}

func encodeRecord(e *line.Encoder, r *notify.Record) {
	e.Line(recordLine)
	e.Word(string(r.Kind))
	e.Text(r.Name)
	e.Word(string(r.State))
	e.Time(r.Since)
	e.Word(string(r.Said))
	e.Time(r.SaidAt)
	e.Int(int64(r.Priority))
	e.Int(int64(r.Held))
	e.Int(int64(r.Of))
	e.Bool(r.Disagree)
	e.Word(string(r.Acted.State))
	e.Uint(r.Acted.Transitions)
	e.Time(r.LastTransition)
	encodeCounts(e, r.Transitions)
	encodeCounts(e, r.News)
	for _, x := range r.Recent {
		encodeMark(e, x.Mark)
		e.Word(string(x.State))
		e.Word(string(x.Source))
	}
}

func decodeRecord(d *line.Decoder) *notify.Record {
	r := &notify.Record{
		Subject: subject(d), State: notify.State(d.Word()), Since: d.Time(), Said: notify.State(d.Word()), SaidAt: d.Time(),
		Priority: int(d.Int()), Held: int(d.Int()), Of: int(d.Int()), Disagree: d.Bool(),
		Acted: notify.Acted{State: notify.State(d.Word()), Transitions: d.Uint()}, LastTransition: d.Time(), Transitions: decodeCounts(d), News: decodeCounts(d),
	}
	r.Recent = make([]notify.Recent, 0, usualRecent)
	for d.More() {
		r.Recent = append(r.Recent, notify.Recent{Mark: decodeMark(d), State: notify.State(d.Word()), Source: notify.Source(d.Word())})
	}
	return r
}

func encodeConfigured(e *line.Encoder, c *notify.Configured) {
	e.Line(confLine)
	e.Text(c.File)
	for _, s := range c.Stamps {
		e.Line(stampLine)
		e.Text(s.Path)
		e.Int(s.Time)
		e.Int(s.Size)
		e.Uint(s.Ino)
	}
	for _, o := range c.Instances {
		e.Line(ownerLine)
		e.Text(o.Name)
		for _, a := range o.Addresses {
			e.B = a.Addr.AppendTo(append(e.B, ' '))
			e.Text(strings.Join(a.Interfaces, ","))
		}
	}
	for _, g := range c.Groups {
		e.Line(groupLine)
		e.Text(g.Name)
		for _, m := range g.Members {
			e.Text(m)
		}
	}
	for _, s := range notify.States() {
		for _, x := range c.Nameless[s] {
			e.Line(namelessLine)
			e.Word(string(s))
			e.Word(string(x.Kind))
			e.Text(x.Name)
		}
	}
}

func decodeOwner(d *line.Decoder) notify.Owner {
	o := notify.Owner{Name: d.Text()}
	for d.More() {
		addr, err := netip.ParseAddr(d.Word())
		d.Fail(err)
		a := notify.Address{Addr: addr}
		if on := d.Text(); on != "" {
			a.Interfaces = strings.Split(on, ",")
		}
		o.Addresses = append(o.Addresses, a)
	}
	return o
}

func decodeGroup(d *line.Decoder) notify.Grouping {
	g := notify.Grouping{Name: d.Text()}
	for d.More() {
		g.Members = append(g.Members, d.Text())
	}
	return g
}

var errNoEnd = errors.New("its end is missing")

// decodeDocument reads a journal. Of a file that is not whole nothing is taken.
func decode(text []byte) (*notify.Document, error) {
	if !bytes.HasSuffix(text, []byte(endLine+"\n")) {
		return nil, errNoEnd
	}
	d := &notify.Document{Records: make([]*notify.Record, 0, 8), Past: make([][]byte, 0, usualPast)}
	for n := 1; len(text) > 0; n++ {
		var one []byte
		one, text, _ = bytes.Cut(text, []byte("\n"))
		kind, rest, _ := bytes.Cut(one, []byte(" "))
		in := line.Decoder{Rest: rest}
		if n == 1 && string(kind) != headLine {
			return nil, errors.New("it begins with something else")
		}
		take(d, string(kind), &in)
		if in.Err != nil {
			return nil, words.Because("line "+strconv.Itoa(n), in.Err)
		}
	}
	return d, nil
}

// take puts a line in its place.
func take(d *notify.Document, kind string, in *line.Decoder) {
	if d.Configured == nil && (kind == stampLine || kind == ownerLine || kind == groupLine || kind == namelessLine) {
		in.Fail(errors.New(kind + " without " + confLine))
		return
	}
	switch kind {
	case headLine:
		if d.Version = int(in.Int()); in.Err == nil && d.Version != version {
			in.Fail(errors.New("it has version " + strconv.Itoa(d.Version) + ", and this program knows " + strconv.Itoa(version)))
		}
		d.Boot, d.Generation, d.Written, d.Late, d.Discards, d.Discarded = in.Text(), in.Uint(), in.Time(), in.Uint(), in.Uint(), in.Text()
	case confLine:
		d.Configured = &notify.Configured{File: in.Text(), Nameless: map[notify.State][]notify.Subject{}}
	case stampLine:
		d.Configured.Stamps = append(d.Configured.Stamps, notify.Stamp{Path: in.Text(), Time: in.Int(), Size: in.Int(), Ino: in.Uint()})
	case ownerLine:
		d.Configured.Instances = append(d.Configured.Instances, decodeOwner(in))
	case groupLine:
		d.Configured.Groups = append(d.Configured.Groups, decodeGroup(in))
	case namelessLine:
		s := notify.State(in.Word())
		d.Configured.Nameless[s] = append(d.Configured.Nameless[s], subject(in))
	case recordLine:
		d.Records = append(d.Records, decodeRecord(in))
	case eventLine:
		d.Past = append(d.Past, in.Rest)
	case endLine:
	default:
		takeNote(d, kind, in)
	}
}
