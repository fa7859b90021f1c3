package journal

import (
	"errors"
	"strconv"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/line"
	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// forAll is behind a result without secrets. An earlier version has put arguments, output and URLs into what everybody may read; what it has
// left is not kept.
const forAll = "public"

// encodeNotes writes what a hook passes on as it is.
func encodeNotes(e *line.Encoder, d *notify.Document) {
	for _, a := range d.Actions {
		e.Line(actionLine)
		e.Word(string(a.Kind))
		e.Text(a.Name)
		e.Text(a.Action)
		e.Word(string(a.State))
		e.Bool(a.OK)
		e.Text(a.Result)
		e.Time(a.At)
		e.Word(strconv.FormatFloat(a.Seconds, 'g', -1, 64))
		e.Uint(a.Runs)
		e.Uint(a.Failures)
		e.Word(forAll)
	}
	for _, s := range d.Sysctls {
		e.Line(sysctlLine)
		e.Text(s.Key)
		e.Text(s.Found)
		e.Time(s.At)
	}
	for _, s := range d.Servers {
		e.Line(serverLine)
		encodeServer(e, s.Server)
		e.Bool(s.Up)
		e.Word(string(s.Source))
		e.Time(s.At)
		e.Uint(s.Changes)
	}
	if r := d.Reader; r != nil {
		e.Line(readerLine)
		e.Int(int64(r.PID))
		e.Time(r.Started)
		e.Uint(r.Lines)
		e.Uint(r.Garbage)
		e.Uint(r.Resyncs)
		e.Text(r.Why)
		e.Time(r.At)
	}
	for _, a := range d.Agreements {
		e.Line(agreementLine)
		e.Word(string(a.Kind))
		e.Text(a.Name)
		e.Bool(a.Owner)
		e.Bool(a.Agrees)
		e.Time(a.At)
		for _, p := range a.Parts {
			e.Text(p.Name)
			e.Bool(p.Active)
			e.Text(p.Detail)
		}
	}
}

func takeNote(d *notify.Document, kind string, in *line.Decoder) {
	switch kind {
	case actionLine:
		a := &notify.ActionNote{Subject: subject(in), Action: in.Text(), State: notify.State(in.Word()), OK: in.Bool(), Result: in.Text(), At: in.Time()}
		var err error
		a.Seconds, err = strconv.ParseFloat(in.Word(), 64)
		in.Fail(err)
		a.Runs, a.Failures = in.Uint(), in.Uint()
		if !in.More() || in.Word() != forAll {
			a.Result = "noted by an earlier version"
		}
		d.Actions = append(d.Actions, a)
	case sysctlLine:
		d.Sysctls = append(d.Sysctls, notify.SysctlFound{Key: in.Text(), Found: in.Text(), At: in.Time()})
	case serverLine:
		d.Servers = append(d.Servers, &notify.ServerNote{Server: decodeServer(in), Up: in.Bool(), Source: notify.Source(in.Word()), At: in.Time(), Changes: in.Uint()})
	case readerLine:
		d.Reader = &notify.ReaderNote{
			PID: int(in.Int()), Started: in.Time(), Lines: in.Uint(), Garbage: in.Uint(), Resyncs: in.Uint(), Why: in.Text(), At: in.Time(),
		}
	case agreementLine:
		a := notify.Agreement{Subject: subject(in), Owner: in.Bool(), Agrees: in.Bool(), At: in.Time()}
		for in.More() {
			a.Parts = append(a.Parts, notify.Part{Name: in.Text(), Active: in.Bool(), Detail: in.Text()})
		}
		d.Agreements = append(d.Agreements, a)
	default:
		in.Fail(errors.New(words.Quote(kind, 20) + " is no kind of line"))
	}
}
