package fallback_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// hands are writes of somebody else to what is ours. Each says whether the table was such that it could be made.
var hands = map[string]func(d *director) bool{
	"a real server of its own": func(d *director) bool {
		e := d.kernel.Find(ipvs.At(ipvs.TCP, addr("192.0.2.1:53")))
		if e != nil {
			e.Destinations = append(e.Destinations, ipvs.Destination{DestinationKey: ipvs.To(addr("203.0.113.7:53")), Weight: 1})
		}
		return e != nil
	},
	"a weight": func(d *director) bool {
		e := d.kernel.Find(ipvs.At(ipvs.TCP, addr("192.0.2.1:53")))
		if e == nil || len(e.Destinations) == 0 {
			return false
		}
		e.Destinations[0].Weight = 77
		return true
	},
	"a real server less": func(d *director) bool {
		e := d.kernel.Find(ipvs.At(ipvs.TCP, addr("192.0.2.1:53")))
		if e == nil || len(e.Destinations) == 0 {
			return false
		}
		e.Destinations = slices.Delete(e.Destinations, 0, 1)
		return true
	},
	"a service with its own scheduler": func(d *director) bool {
		k := ipvs.At(ipvs.TCP, addr("192.0.2.2:53"))
		if d.kernel.Find(k) != nil {
			return false
		}
		d.kernel.Entries = append(d.kernel.Entries, ipvs.TableEntry{Service: ipvs.Service{ServiceKey: k, Scheduler: "sh"}})
		return true
	},
}

// TestSecondWriter: whenever somebody else writes, between any two calls of ours, the next look at the table is the last before all writing
// ends, whether our own step fails by it or not.
func TestSecondWriter(t *testing.T) {
	for name, hand := range hands {
		made := 0
		for at := int32(3); at < 14; at++ { // the first two looks are those of the take-over: what is there then is taken as it is
			d := newDirector(t, unchecked)
			var calls, looks atomic.Int32
			var written, late atomic.Bool
			wrote := 0
			d.kernel.Before = func() {
				if calls.Add(1) == at {
					d.kernel.Do(func() { written.Store(hand(d)) })
				}
			}
			d.kernel.Look = func() {
				if written.Load() && looks.Add(1) == 2 {
					late.Store(!strings.Contains(d.log.String(), "somebody else wrote to the table: tcp 192.0.2."))
					wrote = len(d.kernel.Writes)
				}
			}
			stop := d.start()
			d.until("looks after it", func() bool { return calls.Load() > at && (!written.Load() || looks.Load() > 4) })
			stop()
			switch {
			case !written.Load():
				continue
			case late.Load():
				t.Errorf("%s before call %d is not noticed at the next look:\n%s", name, at, d.log)
			case len(d.kernel.Writes) != wrote:
				t.Errorf("%s before call %d: %d writes after it was noticed", name, at, len(d.kernel.Writes)-wrote)
			}
			made++
		}
		if made == 0 {
			t.Errorf("%s was never written", name)
		}
	}
}
