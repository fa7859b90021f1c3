package act

import (
	"context"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// agree puts into the journal whether the parts of services agree, and returns whether all do.
func (w *Worker) agree(ctx context.Context) bool {
	if w.Agree == nil {
		return true
	}
	d, err := w.Journal.Read()
	if err != nil {
		return true // Nobody would be told.
	}
	now := w.Agree(ctx, d)
	if !agreed(now, d.Agreements) {
		_, err = w.Journal.Update(func(d *notify.Document) { d.Agreements = now })
		w.note("journal", err)
	}
	return !slices.ContainsFunc(now, func(a notify.Agreement) bool { return !a.Agrees })
}

// endAgreements takes agreements out of the journal when there are none any more: nobody would look after them, and they would be shown for good.
func (w *Worker) endAgreements() {
	if d, err := w.Journal.Read(); w.Agree != nil || err != nil || len(d.Agreements) == 0 {
		return
	}
	_, err := w.Journal.Update(func(d *notify.Document) { d.Agreements = nil })
	w.note("journal", err)
}

// agreed says whether there is nothing new but the time.
func agreed(a, b []notify.Agreement) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Subject != b[i].Subject || a[i].Owner != b[i].Owner || a[i].Agrees != b[i].Agrees || len(a[i].Parts) != len(b[i].Parts) ||
			a[i].At.Sub(b[i].At) > time.Minute {
			return false
		}
		for j := range a[i].Parts {
			if a[i].Parts[j] != b[i].Parts[j] {
				return false
			}
		}
	}
	return true
}
