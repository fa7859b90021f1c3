package fallback

import (
	"context"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/apply"
	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
)

// pass looks at the table and brings it to what it should be. An error ends the pass and is said once, be it of the look or of a
// step; the next one begins with another look.
func (r *run) pass(ctx context.Context) {
	r.dirty = false
	began := time.Now()
	err := r.try(ctx)
	ended := time.Now()
	r.next = ended.Add(max(soon, 4*ended.Sub(began)))
	if ctx.Err() != nil {
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
		r.errors++
	}
	if text != "" && text != r.said {
		r.Log.Error("pass", "error", err)
	}
	r.said = text
}

func (r *run) try(ctx context.Context) error {
	table, err := r.Kernel.Snapshot(ctx)
	if err != nil {
		return err
	}
	switch {
	case r.stopped != "" || r.DryRun:
	case r.left == nil:
		r.left = guard.Leave(r.owned, table)
	default:
		if what := r.left.Foreign(table); what != "" {
			r.stop("somebody else wrote to the table: " + what)
		}
	}
	in := plan.Input{Config: r.config, Names: r.names, Former: r.former, State: r.machine.State(), Blocked: r.blocks, Torn: r.torn, Kernel: table}
	if r.config.Global.Timeouts.IsSet() {
		if in.Timeouts, err = r.Kernel.Timeouts(ctx); err != nil {
			return err
		}
	}
	if r.config.Global.SyncDaemon.IsSet() {
		if in.Daemons, err = r.Kernel.Daemons(ctx); err != nil {
			return err
		}
	}
	p := plan.Make(in)
	switch {
	case r.DryRun:
		r.dry(p)
		return nil
	case r.stopped != "":
		return nil
	case len(p.Steps) == 0:
		r.former = nil
		r.refused.clear()
		return nil
	}
	if err := r.Guard(); err != nil {
		r.stop(err.Error())
		return nil
	}
	return r.write(ctx, p)
}

func (r *run) write(ctx context.Context, p plan.Plan) error {
	r.refused.last(p.Steps)
	done, refused := apply.Steps(ctx, r.Kernel, p.Steps)
	for _, s := range p.Steps[:done] {
		r.Log.Info("written", "step", s.String())
		r.left.Wrote(s)
	}
	if refused != nil {
		r.left.Doubt(p.Steps[done])
	}
	r.written += uint64(done)
	r.save()
	if refused != nil && ctx.Err() == nil {
		r.errors++
	}
	switch {
	case refused == nil:
		r.refused.clear()
	case ctx.Err() == nil && r.refused.note(p.Steps[done]):
		r.Log.Error("pass", "error", refused)
	}
	return nil
}

// stop ends all writing until an operator says otherwise.
func (r *run) stop(why string) {
	r.stopped = why
	r.Log.Error("nothing is written from now on: find out who else programs IPVS, then send SIGHUP", "why", why)
}

// dry says what would be written, when that is something new.
func (r *run) dry(p plan.Plan) {
	var b strings.Builder
	_ = p.WriteText(&b)
	if b.String() == r.saved.dry {
		return
	}
	r.saved.dry = b.String()
	for line := range strings.Lines(b.String()) {
		r.Log.Info("would write", "step", strings.TrimSpace(line))
	}
}
