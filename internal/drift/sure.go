package drift

import (
	"slices"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Sure leaves out what may only show that keepalived's state dump is old. A real server whose check failed after the dump was
// written is gone from the kernel, and the dump has it in service: that is no difference.
//
// found is what was found with the dump. Of that stays what is found without it too (blind), and what was found with the kernel
// as it was before the dump was written (confirmed): then keepalived had the time to know. In place of what goes, there is what blind
// says of the same server.
func Sure(found, confirmed, blind []Difference) []Difference {
	known := map[identity]bool{}
	for _, d := range slices.Concat(confirmed, blind) {
		known[d.identity()] = true
	}
	doubtful, told := map[subject]bool{}, map[identity]bool{}
	var sure []Difference
	for _, d := range found {
		if !known[d.identity()] {
			doubtful[d.subject()] = true
			continue
		}
		sure = append(sure, d)
		told[d.identity()] = true
	}
	for _, d := range blind {
		if doubtful[d.subject()] && !told[d.identity()] {
			sure = append(sure, d)
		}
	}
	slices.SortStableFunc(sure, order)
	return sure
}

// Still leaves of the confirmed differences those that are found now too. One that was gone in between needs a newer state dump: what is
// found again has come after this one.
func Still(confirmed, found []Difference) []Difference {
	now := map[identity]bool{}
	for _, d := range found {
		now[d.identity()] = true
	}
	return slices.DeleteFunc(slices.Clone(confirmed), func(d Difference) bool { return !now[d.identity()] })
}

// subject is what a difference is about, identity which one it is: the text may differ, as numbers do.
type (
	subject struct {
		service ipvs.ServiceKey
		server  ipvs.DestinationKey
	}
	identity struct {
		subject
		kind Kind
		pos  keepalived.Pos
	}
)

func (d Difference) subject() subject   { return subject{d.Service, d.Server} }
func (d Difference) identity() identity { return identity{d.subject(), d.Kind, d.Pos} }
