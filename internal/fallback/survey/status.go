package survey

import (
	"context"
	"fmt"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Status is who programs IPVS on this host, and how far its table is from the configuration. It is the JSON of lvsdns-fallback status.
type Status struct {
	Fallback   int    `json:"fallback_pid"`   // 0: none runs
	Keepalived int    `json:"keepalived_pid"` // of one with a checker process, 0: none
	Report     string `json:"report"`         // what is wrong with lvsdns-fallback, by its report; empty: nothing
	Steps      int    `json:"steps"`
	Kept       int    `json:"kept"`
	Blocked    int    `json:"blocked"`
	Text       string `json:"text"`
}

// Status looks who holds the lock, and at keepalived. checkers is the checkers pidfile, by the configuration.
func (d Director) Status(ctx context.Context, lock string, checkers func(*keepalived.Config) string) (s Status, err error) {
	if s.Fallback, err = guard.Holder(lock); err != nil {
		return s, err
	}
	c, _, err := d.Load()
	if err != nil {
		return s, err
	}
	all, err := guard.Processes("/proc", "self")
	if err != nil {
		return s, err
	}
	if p := guard.Rival(all, d.File, checkers(c)); p != nil {
		s.Keepalived = p.PID
	}
	p, err := d.Plan(ctx, Configured, nil)
	if err != nil {
		return s, err
	}
	s.compared(p)
	return s, nil
}

// Differs reports whether the kernel is not as configured.
func (s Status) Differs() bool { return s.Steps+s.Kept+s.Blocked > 0 }

func (s *Status) compared(p plan.Plan) {
	s.Steps, s.Kept, s.Blocked = len(p.Steps), len(p.Kept), len(p.Blocked)
	s.Text = s.who() + "; the kernel is as configured"
	if s.Differs() {
		s.Text = fmt.Sprintf("%s; the kernel differs from the configuration with all real servers up: %d steps, %d kept, %d blocked; lvsdns-fallback plan lists them",
			s.who(), s.Steps, s.Kept, s.Blocked)
	}
}

func (s *Status) who() string {
	switch {
	case s.Fallback != 0 && s.Keepalived != 0:
		return fmt.Sprintf("lvsdns-fallback (pid %d) and keepalived (pid %d) both run", s.Fallback, s.Keepalived)
	case s.Fallback != 0:
		return fmt.Sprintf("lvsdns-fallback (pid %d) programs IPVS", s.Fallback)
	case s.Keepalived != 0:
		return fmt.Sprintf("keepalived (pid %d) programs IPVS", s.Keepalived)
	default:
		return "nobody programs IPVS"
	}
}
