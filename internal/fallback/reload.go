package fallback

import (
	"context"
	"maps"
	"reflect"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/stamp"
)

// breath is how long the configuration is not read again at least after it was read. Four times as long as that took, if that is longer: whoever
// sends one SIGHUP after the other, or touches the files each moment, gets a fifth of a processor, and the checks the rest.
const breath = time.Second

// wait is the time until something is due.
func (r *run) wait(now time.Time) time.Duration {
	wait := r.queue.wait(now)
	if r.ordered || r.touched {
		wait = min(wait, max(0, r.again.Sub(now)))
	}
	return wait
}

// reload reads the configuration again if somebody wants that and it is time.
func (r *run) reload(ctx context.Context) {
	if !r.ordered && !r.touched || time.Now().Before(r.again) {
		return
	}
	began, ordered := time.Now(), r.ordered
	if ordered {
		r.stopped, r.left = "", nil
	}
	r.ordered, r.touched = false, false
	if err := r.read(ctx, ordered); err != nil {
		r.Log.Error("the new configuration is not taken, the last good one stays", "error", err)
	}
	r.dirty = true
	ended := time.Now()
	r.again = ended.Add(max(breath, 4*ended.Sub(began)))
}

// read takes the configuration if it says anything else than the last one. On an error that one stays.
func (r *run) read(ctx context.Context, ordered bool) error {
	r.files = stamp.All(r.config.Files)
	c, blocks, err := r.Load()
	if err != nil {
		return err
	}
	if reflect.DeepEqual(c, r.config) {
		if ordered {
			r.Log.Info("the configuration is as it was")
		}
		return nil
	}
	table, err := r.Kernel.Snapshot(ctx)
	if err != nil {
		r.touched = true // the files will not change again for that
		return err
	}
	known := r.remember()
	former := maps.Clone(r.names)
	for k, servers := range r.former {
		if _, ok := former[k]; !ok {
			former[k] = servers
		}
	}
	names := plan.NamesOf(c)
	if err := r.take(c, blocks, table, known.over(plan.FromKernel(c, names, table))); err != nil {
		return err
	}
	r.former, r.left = former, nil
	r.refused.clear()
	return nil
}
