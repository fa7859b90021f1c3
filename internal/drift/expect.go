package drift

import (
	"math"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// presence is whether something should be in the kernel.
type presence int

const (
	unknown presence = iota
	yes
	no
)

// expectation is what the kernel should have of a real server, as keepalived
// believes it, or else as far as the configuration settles it.
type expectation struct {
	in     presence
	weight uint32
	// atMost is the highest weight that working dynamic checks can give; it is not below weight.
	atMost uint32
	// mayBeZero: without the belief nobody knows whether weight 0 stands for a failed check.
	mayBeZero bool
	down      bool   // keepalived takes it for dead
	why       string // it should not be there
}

func (v *virtual) expect(s *server) expectation {
	if s.believed != nil && v.believed != nil {
		return v.believe(s)
	}
	e := expectation{in: yes, weight: s.Weight}
	e.atMost = highest(s.rs)
	if len(s.rs.Checkers) > 0 {
		e.in, e.why = unknown, "keepalived takes it out when its check fails; its state dump (--state-dump) would tell"
		e.mayBeZero = s.rs.Inhibit.V || dynamic(s.rs)
	}
	if v.vs.Sorry != nil {
		e.in = unknown
		e.mayBeZero = e.mayBeZero || s.rs.Inhibit.V
	}
	return e
}

// Why a real server is out although its check does not fail.
const (
	standIn = "too few real servers are up, so that the sorry server serves"
	dropped = "keepalived waits for a check that it has dropped"
)

func (v *virtual) believe(s *server) expectation {
	b := s.believed
	weight := uint32(min(max(b.EffectiveWeight, 0), math.MaxInt32))
	e := expectation{in: yes, weight: weight, atMost: weight}
	// With the quorum lost the sorry server stands in for those that are alive.
	lost := v.believed.Sorry != nil && !v.believed.QuorumUp
	switch {
	case !b.Set && !b.Alive:
		e.in, e.why = no, "its check fails"
	case !b.Set:
		e.in, e.why = no, standIn
	case !b.Alive:
		e.weight, e.down, e.why = 0, true, "its check fails"
	case lost && b.Inhibit:
		e.weight, e.why = 0, standIn
	}
	e.atMost = e.weight
	return e
}

// dynamic reports whether a check may change the weight.
func dynamic(r *keepalived.RealServer) bool {
	for _, k := range r.Checkers {
		if k.File != nil || k.Misc != nil && k.Misc.Dynamic.V {
			return true
		}
	}
	return false
}

// maxMisc is the highest weight that an exit status can ask for: 255 stands for 253
// (keepalived.conf(5), misc_dynamic).
const maxMisc = 253

// highest is the highest weight that the checks of a real server can give it.
// keepalived adds to the configured weight what each check asks for above it.
func highest(r *keepalived.RealServer) uint32 {
	weight := int64(r.Weight.V)
	sum := weight
	for _, k := range r.Checkers {
		switch {
		case k.File != nil:
			return math.MaxInt32 // the file may hold any number
		case k.Misc != nil && k.Misc.Dynamic.V:
			sum += max(maxMisc-weight, 0)
		}
	}
	return uint32(min(sum, math.MaxInt32))
}
