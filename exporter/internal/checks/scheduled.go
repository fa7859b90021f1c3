package checks

import (
	"path"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/command"
	"github.com/lvsdns/lvsdns/checker/report"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// A check that somebody typed reports as keepalived's do. It is told apart, and shown for minutes and not for a day: a mistyped name must not
// be red until tomorrow, nor wake anybody. A check that keepalived.conf has stays, above all when it has stopped.

// shownByHand is how long a check is shown that nobody schedules.
const shownByHand = 10 * time.Minute

// plan is what keepalived.conf says of a check.
type plan struct {
	known bool // it could be read
	now   bool // it has the check
	once  bool // it had, since this program began
}

// scheduled decides whether somebody has a check run by itself: keepalived.conf has it, or it comes in a rhythm, as from a script, from cron
// or from Nagios. The rhythm of one that was taken out of keepalived.conf was keepalived's, and counts while it goes on.
func scheduled(p plan, r rhythm, silent time.Duration) bool {
	switch {
	case p.known && p.now:
		return true
	case p.known && p.once:
		return r.found && silent <= 3*r.gap+time.Minute
	default:
		return r.found || p.once
	}
}

// stillShown decides whether a check is shown still.
func stillShown(isScheduled bool, silent time.Duration) bool {
	return isScheduled || silent <= shownByHand
}

// rhythm is what the runs of a check have between them. The zero value is of a check that has not run.
type rhythm struct {
	found  bool          // for good: one that stops is what an operator wants to see
	gap    time.Duration // between the last two runs
	alike  int           // how many gaps in a row are alike
	began  time.Time     // the first of them
	before time.Time     // the last run
}

// Somebody who tries again by hand may do so a few times at the same pace.
const (
	rhythmGaps = 5
	rhythmSpan = time.Minute
)

// run takes in a run. A check that waits for its deadline comes a little later, one that is tried again a little sooner.
func (r *rhythm) run(now time.Time) {
	defer func() { r.before = now }()
	if r.before.IsZero() {
		return
	}
	gap := now.Sub(r.before)
	short, long := min(gap, r.gap), max(gap, r.gap)
	if r.alike == 0 || long > short+short/2+2*time.Second {
		r.alike, r.began = 0, r.before
	}
	r.gap = gap
	r.alike++
	r.found = r.found || r.alike >= rhythmGaps && now.Sub(r.began) >= rhythmSpan
}

// Planned knows which checks keepalived.conf has: the reports of its lvsdns-checks. What other scripts do nobody knows.
type Planned struct {
	outcomes, rcodes []string

	mu   sync.Mutex
	cfg  *keepalived.Config
	keys map[Key]bool
	memo map[string][]Key // by command line
}

// NewPlanned makes one that knows no configuration yet.
func NewPlanned() *Planned { return &Planned{outcomes: outcomeNames(), rcodes: rcodeNames()} }

// Of returns the keys of the checks; nil if there is no configuration. A configuration that is the same as before costs nothing, and
// so does a command line.
func (p *Planned) Of(cfg *keepalived.Config) map[Key]bool {
	if cfg == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cfg == cfg {
		return p.keys
	}
	keys, memo := map[Key]bool{}, map[string][]Key{}
	for _, v := range cfg.VirtualServers {
		for _, s := range v.RealServers {
			for _, k := range s.Checkers {
				if k.Misc == nil {
					continue
				}
				line := k.Misc.Path.String()
				all, known := p.memo[line]
				if !known {
					all = p.keysOf(k.Misc.Path.Argv)
				}
				memo[line] = all
				for _, key := range all {
					keys[key] = true
				}
			}
		}
	}
	p.cfg, p.keys, p.memo = cfg, keys, memo
	return keys
}

// keysOf are the names under which a command line may report: of several questions, that of the one that decides. The checker's own words are
// taken, so that they are the same.
func (p *Planned) keysOf(argv []string) []Key {
	if len(argv) == 0 || path.Base(argv[0]) != "lvsdns-check" && path.Base(argv[0]) != "lvsdns-check-tls" {
		return nil
	}
	cmd, err := command.Parse(argv[1:], func(string) string { return "" })
	if err != nil {
		return nil // It never asks anything; or it names a secret that this program may not read, and the rhythm tells.
	}
	var keys []Key
	for _, q := range cmd.Check.Questions {
		result := checker.Result{Server: cmd.Check.Server, Transport: cmd.Check.Transport, Decided: checker.QuestionResult{Question: q}}
		if h, err := parseHeartbeat(report.Encode(report.New(result, cmd.Mode, time.Time{})), p.outcomes, p.rcodes); err == nil {
			keys = append(keys, h.Key)
		}
	}
	return keys
}
