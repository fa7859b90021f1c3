package notify

import (
	"errors"
	"strconv"
)

// forAll is behind a result without secrets. An earlier version has put arguments, output and URLs into what everybody may read; what it has
// left is not kept.
const forAll = "public"

// encodeNotes writes what a hook passes on as it is.
func (d *Document) encodeNotes(e *encoder) {
	for _, a := range d.Actions {
		e.line(actionLine)
		e.word(string(a.Kind))
		e.text(a.Name)
		e.text(a.Action)
		e.word(string(a.State))
		e.bool(a.OK)
		e.text(a.Result)
		e.time(a.At)
		e.word(strconv.FormatFloat(a.Seconds, 'g', -1, 64))
		e.uint(a.Runs)
		e.uint(a.Failures)
		e.word(forAll)
	}
	for _, s := range d.Sysctls {
		e.line(sysctlLine)
		e.text(s.Key)
		e.text(s.Found)
		e.time(s.At)
	}
	for _, s := range d.Servers {
		e.line(serverLine)
		e.server(s.Server)
		e.bool(s.Up)
		e.word(string(s.Source))
		e.time(s.At)
		e.uint(s.Changes)
	}
	if r := d.Reader; r != nil {
		e.line(readerLine)
		e.int(int64(r.PID))
		e.time(r.Started)
		e.uint(r.Lines)
		e.uint(r.Garbage)
		e.uint(r.Resyncs)
		e.text(r.Why)
		e.time(r.At)
	}
	for _, a := range d.Agreements {
		e.line(agreementLine)
		e.word(string(a.Kind))
		e.text(a.Name)
		e.bool(a.Owner)
		e.bool(a.Agrees)
		e.time(a.At)
		for _, p := range a.Parts {
			e.text(p.Name)
			e.bool(p.Active)
			e.text(p.Detail)
		}
	}
}

func (d *Document) takeNote(kind string, in *decoder) {
	switch kind {
	case actionLine:
		a := &ActionNote{Subject: Subject{Kind(in.word()), in.text()}, Action: in.text(), State: State(in.word()), OK: in.bool(), Result: in.text(), At: in.time()}
		var err error
		a.Seconds, err = strconv.ParseFloat(in.word(), 64)
		in.fail(err)
		a.Runs, a.Failures = in.uint(), in.uint()
		if !in.more() || in.word() != forAll {
			a.Result = "noted by an earlier version"
		}
		d.Actions = append(d.Actions, a)
	case sysctlLine:
		d.Sysctls = append(d.Sysctls, SysctlFound{in.text(), in.text(), in.time()})
	case serverLine:
		d.Servers = append(d.Servers, &ServerNote{in.server(), in.bool(), Source(in.word()), in.time(), in.uint()})
	case readerLine:
		d.Reader = &ReaderNote{int(in.int()), in.time(), in.uint(), in.uint(), in.uint(), in.text(), in.time()}
	case agreementLine:
		a := Agreement{Subject: Subject{Kind(in.word()), in.text()}, Owner: in.bool(), Agrees: in.bool(), At: in.time()}
		for in.more() {
			a.Parts = append(a.Parts, Part{in.text(), in.bool(), in.text()})
		}
		d.Agreements = append(d.Agreements, a)
	default:
		in.fail(errors.New(quote(kind, 20) + " is no kind of line"))
	}
}
