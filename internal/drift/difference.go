package drift

import (
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// Input is what is compared. Config and Kernel are needed; the rest is used as
// far as it is known.
type Input struct {
	Config *keepalived.Config
	Kernel ipvs.Table

	// Limited says that Kernel was read from /proc/net/ip_vs, which lacks thresholds, tunnels,
	// persistence engines and the time of persistence: those are not compared.
	Limited bool

	Belief *keepalived.Belief // keepalived's state dump; nil: unknown
	Absent error              // why keepalived, when it was asked for it, has not written it; nil: it has, or was not asked

	Scripts   map[host.ScriptID]host.Script // see site.ScriptsOf; one that is not here is not judged
	Estimator Estimator
	Flows     host.FlowSysctls
	Checks    []Check       // what the exporter heard from the checks themselves
	Listened  time.Duration // for how long it has been listening; 0: it does not listen
	Overdue   Overdue       // see Watch
	Told      []Told        // what keepalived said in its FIFO
}

// Estimator is what is known of the kernel thread that moves IPVS's counters.
type Estimator struct {
	Sysctls host.EstimatorSysctls
	Stalled bool // the counters stood still while packets passed; see Stalled
}

// Check is the last thing that a check said of itself.
type Check struct {
	Server netip.AddrPort // that was asked
	Passed bool
	Age    time.Duration
}

// Told is a real server of which keepalived said last, in its lvs_notify_fifo, that it has failed. It is a hint: a line may be lost, and
// keepalived says nothing when it starts. So it tells why a server is out, where nobody knows better, and makes no difference of its own.
type Told struct {
	Service ipvs.ServiceKey
	Server  ipvs.DestinationKey
	At      time.Time
}

// Difference is one thing that is not as it should be.
type Difference struct {
	Kind Kind

	Service ipvs.ServiceKey     // zero if it concerns no virtual server
	Server  ipvs.DestinationKey // zero if it concerns no real server
	Pos     keepalived.Pos      // in the configuration; zero if there is no such line

	Text string // what, where and what follows: one line
	Mend string // how to mend it: one line, often a command
}

// Severity is how much it matters.
func (d Difference) Severity() Severity { return d.Kind.Severity() }

// Sentence is all of it in one line.
func (d Difference) Sentence() string { return d.Text + "; mend: " + d.Mend }

// Labels are the values of the labels vip, vport, proto, fwmark, family, rip and
// rport, each empty where it does not apply.
func (d Difference) Labels() lvs.Labels { return lvs.LabelsOf(d.Service, d.Server) }
