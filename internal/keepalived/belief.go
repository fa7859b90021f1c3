package keepalived

import (
	"net/netip"
	"time"
)

// Belief is what keepalived thinks, as it writes it to keepalived_check.data.
type Belief struct {
	VirtualServers []BelievedVS
	Checkers       []BelievedChecker
	Notes          []BeliefNote
}

// BeliefNote is a line of the dump that could not be read, or a part that is
// missing. What it would say is unknown, not false.
type BeliefNote struct {
	Line int // 0: the whole dump
	Text string
}

// VSName is a virtual server as the dump names it. It is comparable.
type VSName struct {
	Addr     netip.Addr // invalid for a mark and for a group
	Port     uint16
	Protocol Protocol // empty for a mark and for a group
	FWMark   uint32
	Group    string
	Index    int // among the virtual servers of the same group, from 0
}

// RSName is a real server as the dump names it.
type RSName struct {
	Addr netip.Addr
	Port uint16
}

// BelievedVS is a virtual server of the dump.
type BelievedVS struct {
	Line       int // in the dump
	Name       VSName
	Family     Family // empty: a group with members of both
	Protocol   Protocol
	Scheduler  string
	Alive      bool // keepalived has added its services
	QuorumUp   bool
	Quorum     uint32
	Hysteresis uint32
	Timeout    uint32 // seconds of persistence

	Sorry       *BelievedRS // of which versions before 2.3 tell only the name and Inhibit
	RealServers []BelievedRS
}

// BelievedRS is a real server of the dump.
type BelievedRS struct {
	Line            int
	Name            RSName
	Weight          int   // that keepalived sets in the kernel while it is in use
	InitialWeight   int   // the weight of the configuration
	EffectiveWeight int64 // the initial weight and what the checkers add
	Alive           bool
	Set             bool // keepalived has added it to the kernel's table
	FailedCheckers  int
	Alpha           bool
	Inhibit         bool
	UThreshold      uint32
	LThreshold      uint32
	Method          Method
}

// BelievedChecker is a checker of the dump. A checker of the configuration that
// is not in the dump was dropped by keepalived: its real server stays up.
type BelievedChecker struct {
	Line int
	VS   VSName
	RS   RSName
	Kind CheckerKind

	Enabled bool
	Up      bool
	HasRun  bool
	Alpha   bool
	Weight  int // what it adds to the weight of the real server

	DelayLoop        time.Duration
	Warmup           time.Duration
	Retries          uint32
	DelayBeforeRetry time.Duration // known only when there are retries
	Failures         uint32        // retries used up so far

	Dest      netip.AddrPort // of those that connect
	Timeout   time.Duration  // of the connection or of the script
	LastErrno int            // 0: none

	// Of a MISC_CHECK.
	Script     string // as the dump quotes it
	Dynamic    bool
	LastStatus int
	LastRan    time.Time // zero: never
}
