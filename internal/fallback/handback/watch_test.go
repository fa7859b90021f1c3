package handback

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// differs is a plan with one step.
func differs(weight uint32) plan.Plan {
	service := ipvs.Service{ServiceKey: ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.1:53"))}
	server := ipvs.Destination{DestinationKey: ipvs.To(netip.MustParseAddrPort("198.51.100.21:53")), Weight: weight}
	return plan.Plan{Steps: []plan.Step{{Action: plan.SetServer, Service: &service, Server: server, Text: fmt.Sprintf("weight %d", weight)}}}
}

// moment is how things are at one look.
type moment struct {
	checker int
	plan    plan.Plan
	ran     bool
	err     error
}

// TestWatch has a keepalived that comes back in seconds that take no time.
func TestWatch(t *testing.T) {
	same, refused := plan.Plan{}, errors.New("refused")
	kept := plan.Plan{Kept: []plan.Kept{{Text: "is an operator's"}}}
	for _, tt := range []struct {
		name    string
		mend    bool
		at      func(seconds float64, written int) moment
		refuse  bool
		same    bool
		err     string
		asked   float64 // after how many seconds it was asked first; 0: never
		written int
		said    []string
	}{
		{
			name: "it comes back as it should be", at: func(s float64, _ int) moment { return moment{7, same, s >= 5, nil} },
			same: true, asked: 2.5,
		},
		{
			name: "no checker process", at: func(float64, int) moment { return moment{} }, err: "keepalived has no checker process",
		},
		{
			// SIGUSR1 ends a process that does not listen to it yet.
			name: "a checker process that dies again and again is not asked", at: func(s float64, _ int) moment { return moment{1 + int(s), same, true, nil} },
			err: "keepalived has no checker process",
		},
		{
			name: "checks that do not run", at: func(float64, int) moment { return moment{7, same, false, nil} }, asked: 2.5, err: ": some have not",
		},
		{
			name: "it does not answer", at: func(float64, int) moment { return moment{7, same, false, refused} }, asked: 2.5, err: ": refused",
		},
		{
			name: "a weight that it does not write", mend: true, asked: 2.5, same: true, written: 1,
			at: func(s float64, written int) moment {
				if written == 0 {
					return moment{7, differs(3), s >= 5, nil}
				}
				return moment{7, same, true, nil}
			},
			said: []string{"the table is not what keepalived believes:\nset real server", "written: set real server", "the table is what keepalived believes"},
		},
		{
			name: "the same, and nothing is to be written", asked: 2.5, at: func(s float64, _ int) moment { return moment{7, differs(3), s >= 5, nil} },
			said: []string{"the table is not what keepalived believes:\nset real server"},
		},
		{
			name: "it changes its mind for ever", mend: true, asked: 2.5, written: mends,
			at: func(_ float64, written int) moment { return moment{7, differs(uint32(written) + 1), true, nil} },
			said: []string{
				"not what keepalived believes:", "written: ", "not what keepalived believes:", "written: ", "not what keepalived believes:", "written: ", "not what keepalived believes:",
			},
		},
		{
			name: "the kernel refuses", mend: true, refuse: true, asked: 2.5, at: func(float64, int) moment { return moment{7, differs(3), true, nil} },
			err: "write what keepalived believes: refused", written: 1, said: []string{"not what keepalived believes:"},
		},
		{
			name: "what no step may mend", mend: true, asked: 2.5, at: func(float64, int) moment { return moment{7, kept, true, nil} },
			said: []string{"not what keepalived believes:\nkeep "},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, asked, written := time.Now(), 0.0, 0
				now := func() moment { return tt.at(time.Since(began).Seconds(), written) }
				var said []string
				same, err := Watch{
					Most: time.Minute, Mend: tt.mend, Say: func(text string) { said = append(said, text) },
					Checker: func() (int, error) { return now().checker, nil },
					Ask: func(context.Context) (plan.Plan, bool, error) {
						if asked == 0 {
							asked = time.Since(began).Seconds()
						}
						m := now()
						return m.plan, m.ran, m.err
					},
					Write: func(_ context.Context, steps []plan.Step) (int, error) {
						written++
						if tt.refuse {
							return 0, refused
						}
						return len(steps), nil
					},
				}.Until(t.Context())
				if same != tt.same || (err != nil) != (tt.err != "") || err != nil && !strings.HasSuffix(err.Error(), tt.err) {
					t.Errorf("%v, %v; want %v, %s", same, err, tt.same, tt.err)
				}
				if asked != tt.asked || written != tt.written {
					t.Errorf("asked after %v s, want %v; written %d times, want %d", asked, tt.asked, written, tt.written)
				}
				if !slices.EqualFunc(said, tt.said, strings.Contains) {
					t.Errorf("said %q, want %q", said, tt.said)
				}
			})
		})
	}
}

func TestHaveRun(t *testing.T) {
	virtual := []keepalived.BelievedVS{{}}
	for _, tt := range []struct {
		name string
		dump keepalived.Belief
		want bool
	}{
		{"no virtual server yet", keepalived.Belief{}, false},
		{"no check", keepalived.Belief{VirtualServers: virtual}, true},
		{"all", keepalived.Belief{VirtualServers: virtual, Checkers: []keepalived.BelievedChecker{{Enabled: true, HasRun: true}}}, true},
		{"one has not", keepalived.Belief{VirtualServers: virtual, Checkers: []keepalived.BelievedChecker{{Enabled: true, HasRun: true}, {Enabled: true}}}, false},
		{"one that never will", keepalived.Belief{VirtualServers: virtual, Checkers: []keepalived.BelievedChecker{{}}}, true},
	} {
		if got := haveRun(&tt.dump); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
