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

// Steady compares a host again and again. keepalived is asked more rarely than the kernel, and takes a while to answer: what rests on its
// state dump must have been so before the dump was written. It is for one user at a time.
type Steady struct {
	Compare func(Input) []Difference // nil: [Compare]

	before    *ipvs.Table        // as it was the last time
	dump      *keepalived.Belief // that confirmed belongs to
	confirmed []Difference       // between dump and the kernel before it, and at each look since
}

// Find is what differs for sure. A dump that has not been written anew since the last time is the same pointer.
func (s *Steady) Find(in Input) []Difference {
	compare := s.Compare
	if compare == nil {
		compare = Compare
	}
	before := s.before
	s.before = &in.Kernel
	found := compare(in)
	if in.Belief == nil {
		return found
	}
	if in.Belief != s.dump {
		s.dump, s.confirmed = in.Belief, nil
		if before != nil {
			earlier := in
			earlier.Kernel = *before
			s.confirmed = compare(earlier)
		}
	}
	s.confirmed = still(s.confirmed, found)
	blind := in
	blind.Belief = nil
	return Sure(found, s.confirmed, compare(blind))
}

// still leaves of the confirmed differences those that are found now too. One that was gone in between needs a newer state dump: what is
// found again has come after this one.
func still(confirmed, found []Difference) []Difference {
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
