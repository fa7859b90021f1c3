package fallback

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/fallback/probe"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/stamp"
)

// run is the loop's state; only the loop touches it.
type run struct {
	Options
	config  *keepalived.Config
	blocks  []plan.Block
	names   plan.Names
	owned   plan.Names // names without what is blocked
	former  plan.Names
	files   []stamp.Stamp // what the configuration's files looked like when they were read
	seen    []stamp.Stamp // and at the last look
	machine *health.Machine
	probes  map[*health.Check]probe.Probe
	torn    map[*keepalived.VirtualServer]bool // at the beginning, until all their checks have decided
	local   map[netip.Addr]bool

	queue   queue
	waiting []entry // due, and too many others run
	flights map[*flight]bool
	ended   chan outcome

	ordered bool      // by a signal: read the configuration again
	touched bool      // its files are others
	again   time.Time // it is not read again before

	next    time.Time   // no pass for the sake of a result before
	left    *guard.Left // the table as we left it; nil: not known
	stopped string      // why nothing is written; empty: it is
	said    string      // the last error of a look
	refused refusals
	written uint64            // steps
	errors  uint64            // passes that ended with one
	checks  map[string]uint64 // that have run, by report.Results
	dirty   bool
	saved   saved
}

// flight is a probe in the air.
type flight struct {
	check *health.Check // nil: the configuration has no such check any more
	extra bool          // see entry
}

type outcome struct {
	of     *flight
	result health.Result
	began  time.Time
}

// Run takes the table over as it is, and keeps it as the configuration and the checks say until the context ends. An error
// is one before anything was written. The table stays as it is at the end.
func Run(ctx context.Context, o Options) error {
	o.defaults()
	r := &run{Options: o, flights: map[*flight]bool{}, ended: make(chan outcome), checks: map[string]uint64{}, saved: readState(o.StateFile)}
	config, blocks, err := o.Load()
	if err != nil {
		return err
	}
	table, err := o.Kernel.Snapshot(ctx)
	if err != nil {
		return fmt.Errorf("look at the table before taking it over: %w", err)
	}
	names := plan.NamesOf(config)
	if err := r.take(config, blocks, table, r.saved.where(names, table, plan.FromKernel(config, names, table))); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer r.drain()
	defer cancel()
	r.look()
	r.pass(ctx)
	r.report()
	o.Ready()
	r.loop(ctx)
	r.save()
	return nil
}

// drain waits for the probes in the air, which end with the context.
func (r *run) drain() {
	for range len(r.flights) {
		<-r.ended
	}
}

func (r *run) loop(ctx context.Context) {
	tick := time.NewTicker(r.Interval)
	defer tick.Stop()
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	var gather <-chan time.Time
	for {
		if r.launch(ctx, time.Now()) {
			runtime.Gosched() // those that were started begin, before more are
			due.Reset(0)
		} else {
			due.Reset(r.wait(time.Now()))
		}
		r.results()
		r.reload(ctx)
		if r.dirty && gather == nil {
			if wait := time.Until(r.next); wait > 0 {
				gather = time.After(wait)
			} else {
				r.pass(ctx)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-due.C:
		case o := <-r.ended:
			r.result(o)
		case <-gather:
			gather = nil
			if r.dirty {
				r.pass(ctx)
			}
		case <-tick.C:
			r.look()
			r.mine()
			r.touched = r.touched || r.filesChanged()
			r.reload(ctx)
			r.pass(ctx)
			r.report()
			r.Alive()
		case <-r.Reload:
			r.ordered = true
		}
	}
}

// mine stops all writing when the table is no longer ours, also while there is nothing to write.
func (r *run) mine() {
	if r.DryRun || r.stopped != "" {
		return
	}
	if err := r.Guard(); err != nil {
		r.stop(err.Error())
	}
}

// look finds which addresses are here; on an error what was known stays.
func (r *run) look() {
	if r.Local == nil {
		return
	}
	local, err := r.Local()
	if err != nil {
		r.Log.Warn("the addresses of this host cannot be read", "error", err)
		return
	}
	r.local = local
}

// take begins with a configuration, the table as it is, and what is believed of its real servers. What is the same as before goes on.
func (r *run) take(c *keepalived.Config, blocks []plan.Block, table ipvs.Table, state keepalived.State) error {
	machine := health.New(c, state, health.Options{Floor: r.Floor})
	options := r.Probe
	options.Scripts.DefaultUser, options.Scripts.DefaultGroup, options.Scripts.Secure = c.Global.ScriptUser.V, c.Global.ScriptGroup.V, c.Global.ScriptSecurity.V
	probes := map[*health.Check]probe.Probe{}
	blocked := map[*keepalived.VirtualServer]bool{}
	for _, b := range blocks {
		blocked[b.Virtual] = true
	}
	for _, check := range machine.Checks() {
		if blocked[check.Virtual] {
			continue
		}
		p, err := probe.New(check, options)
		if err != nil {
			return err
		}
		probes[check] = p
	}
	same := map[*health.Check]*health.Check{}
	if r.machine != nil {
		same = machine.Carry(r.machine)
	}
	r.config, r.blocks, r.machine, r.probes, r.Probe = c, blocks, machine, probes, options
	r.names = plan.NamesOf(c)
	r.torn = plan.Torn(c, r.names, table)
	r.decide(slices.Collect(maps.Keys(r.torn))...)
	r.owned = plan.Names{}
	for k, servers := range r.names {
		r.owned[k] = servers
	}
	for k := range plan.BlockedServices(c, blocks) {
		delete(r.owned, k)
	}
	r.files = stamp.All(c.Files)
	r.schedule(same, time.Now())
	for _, b := range blocks {
		r.Log.Error("a virtual server is left alone", "virtual_server", b.Name(), "where", b.Pos.String(), "why", b.Text)
	}
	r.Log.Info("configuration taken", "virtual_servers", len(c.VirtualServers), "services", len(r.names), "checks", len(probes), "unchanged", len(same), "blocked", len(blocks))
	return nil
}

// decide forgets of virtual servers that they were torn, when all their checks have decided.
func (r *run) decide(torn ...*keepalived.VirtualServer) {
	for _, v := range torn {
		open := slices.ContainsFunc(r.machine.Checks(), func(c *health.Check) bool { return c.Virtual == v && r.probes[c] != nil && !c.Decided() })
		if r.torn[v] && !open {
			delete(r.torn, v)
			r.dirty = true
		}
	}
}

// notify tells whom the configuration names of an event.
func (r *run) notify(e health.Event) {
	if r.DryRun || r.stopped != "" {
		return
	}
	if err := announce(r.config, e); err != nil {
		r.Log.Warn("a FIFO gets no line", "error", err)
	}
	if !e.Script.IsSet() {
		return
	}
	if err := probe.Hook(e.Script, r.Probe); err != nil {
		r.Log.Error("a notify script does not run", "script", e.Script.String(), "error", err)
	}
}

// results takes what is there of results without waiting, so that they are not late while many probes are due.
func (r *run) results() {
	for {
		select {
		case o := <-r.ended:
			r.result(o)
		default:
			return
		}
	}
}

// result takes what a probe found.
func (r *run) result(o outcome) {
	delete(r.flights, o.of)
	check := o.of.check
	if check == nil {
		return
	}
	r.count(o.result)
	before := check.Up()
	n := r.machine.Result(check, o.result)
	if check.Config.File != nil {
		n.After = fileInterval
	}
	from := time.Now()
	if check.Config.Misc != nil {
		from = o.began
	}
	if !o.of.extra {
		r.queue.add(entry{check, from.Add(n.After), false})
	}
	r.dirty = r.dirty || n.Changed
	if r.torn[check.Virtual] {
		r.decide(check.Virtual)
	}
	if o.result.Unknown || check.Up() != before {
		r.Log.Info("check", "virtual_server", plan.Block{Virtual: check.Virtual}.Name(), "real_server", netip.AddrPortFrom(check.Server.Addr, check.Server.Port).String(),
			"checker", string(check.Config.Kind), "up", check.Up(), "unknown", o.result.Unknown, "reason", o.result.Reason)
	}
	for _, e := range n.Events {
		r.Log.Info(string(e.Kind), "virtual_server", plan.Block{Virtual: e.Virtual}.Name(), "reason", e.Reason)
		r.notify(e)
	}
}
