package dnstap

import "github.com/lvsdns/lvsdns/internal/dnscount"

// Reason is why a frame is not counted.
type Reason uint8

// The reasons.
const (
	Undecodable Reason = iota // no dnstap
	OtherKind                 // not between the name server and a client: what a resolver asks others, tools
	NoAddress                 // it does not say at which of its addresses, or of whom
	NoMessage                 // the DNS message is not in it
	Unwanted                  // of no virtual server, or of this host itself
)

// Reasons are their names, as they are in a label.
var Reasons = [...]string{"undecodable", "other_kind", "no_address", "no_message", "unwanted"}

// Stats are numbers of the connections and of what came by them. All but Connections only grow.
type Stats struct {
	Connections int    // at this moment
	Accepted    uint64 // connections in all
	Refused     uint64 // because there were Max
	Evicted     uint64 // ended because one more came, and was more likely to be a name server
	Broken      uint64 // ended by an error: no dnstap, a frame too large, silence in the middle of one
	Frames      uint64
	Ignored     [len(Reasons)]uint64
	Messages    [len(Protocols)]uint64 // that were counted
}

// Report is a copy of all that was counted.
type Report struct {
	dnscount.Report
	Stats
	Err error // why it does not listen
}

// Read copies the numbers.
func (l *Listener) Read() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire()
	r := Report{Report: l.counter.Report(), Stats: l.stats, Err: l.failure}
	r.Connections = len(l.seats)
	return r
}
