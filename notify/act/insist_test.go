package act

import (
	"context"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// TestInsist has a part that becomes active some time after the actions: the journal ends with what is true.
func TestInsist(t *testing.T) {
	s := &scene{dir: t.TempDir()}
	s.hold("192.0.2.53")
	w := s.worker(nil)
	w.Poll = time.Millisecond
	looks := 0
	w.Agree = func(context.Context, *notify.Document) []notify.Agreement {
		looks++
		active := looks > 3
		return []notify.Agreement{{Subject: dns, Owner: true, Agrees: active, Parts: []notify.Part{{Name: "ipvs", Active: active}}}}
	}
	if _, err := w.Once(t.Context(), nil, false); err != nil {
		t.Fatal(err)
	}
	d, err := w.Journal.Read()
	if err != nil || len(d.Agreements) != 1 || !d.Agreements[0].Agrees || looks != 4 {
		t.Errorf("looked %d times: %+v %v", looks, d.Agreements, err)
	}

	// One that never gets there is given up, at once if somebody else waits for the turn.
	looks = -1000
	if _, err := w.Once(t.Context(), nil, false); err != nil || looks != -1000+21 {
		t.Errorf("looked %d times, %v", looks+1000, err)
	}
	looks = -1000
	agree := w.Agree
	w.Agree = func(ctx context.Context, d *notify.Document) []notify.Agreement {
		if next, err := journal.TryLock(w.Journal.RunDir, nextLock); err != nil || next == nil {
			t.Error("somebody else has the lock", err)
		}
		return agree(ctx, d)
	}
	if _, err := w.Once(t.Context(), nil, false); err != nil || looks != -1000+1 {
		t.Errorf("looked %d times, %v", looks+1000, err)
	}
}
