package exporter

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/checks"
	"github.com/lvsdns/lvsdns/exporter/internal/differences"
	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/exporter/internal/vrrp"
	"github.com/lvsdns/lvsdns/notify"
)

// served is a virtual server with real servers of these weights.
func served(name string, weights ...uint32) servers.VirtualServer {
	v := servers.VirtualServer{Service: name}
	for i, w := range weights {
		v.RealServers = append(v.RealServers, servers.RealServer{RIP: fmt.Sprintf("198.51.100.%d", i+1), RPort: "53", Weight: w})
	}
	return v
}

// sayOf is the verdict, a line for each trouble.
func sayOf(o overview) string {
	var all []string
	for _, t := range o.Troubles {
		all = append(all, t.Class+": "+t.Text)
	}
	return strings.Join(all, "\n")
}

func TestVerdict(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		state State
		want  string
	}{
		{"nothing", State{}, ""},
		{"all is well", State{
			Sources: []source.State{{Name: "ipvs", Up: true}}, VirtualServers: []servers.VirtualServer{served("udp 192.0.2.1:53", 1, 1)},
			VRRP: []vrrp.Subject{{Kind: "instance", State: notify.Backup}}, Checks: []checks.State{{Outcome: "pass", Last: now, Scheduled: true}}, Drift: []differences.State{{Kind: "not_alpha", Severity: "info"}},
		}, ""},
		{"everything", State{
			Sources:        []source.State{{Name: "ipvs", Failure: source.Permission}, {Name: "drift", Failure: source.Other}},
			VirtualServers: []servers.VirtualServer{served("a"), served("b", 0), served("c", 0, 1), served("d", 1)},
			VRRP:           []vrrp.Subject{{Kind: "instance", State: notify.Partial}, {Kind: "group", State: notify.Partial}},
			Checks:         []checks.State{{Outcome: "timeout", Last: now, Scheduled: true}, {Outcome: "timeout", Last: now}},
			Drift:          []differences.State{{Kind: "weight", Severity: "warning"}, {Kind: "forwarding", Severity: "critical"}, {Kind: "real_server_down", Severity: "info"}},
		}, `bad: 2 virtual servers without a usable real server
bad: 1 critical difference
bad: 1 check fails
bad: 1 VRRP instance has some of its addresses only
warn: 1 real server is out
warn: 1 virtual server with a drained or overloaded real server
warn: 1 warning
warn: 2 sources could not be read`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := sayOf(shown(tt.state, "")); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func names(cards []card) string {
	var all []string
	for _, c := range cards {
		all = append(all, c.Service)
	}
	return strings.Join(all, " ")
}

// TestWorstFirst: a few virtual servers are shown whole, of many only those in trouble.
func TestWorstFirst(t *testing.T) {
	few := State{VirtualServers: []servers.VirtualServer{served("well", 1), served("drained", 1, 0), served("empty")}}
	if o := shown(few, ""); names(o.Cards) != "empty drained well" || len(o.Rows) != 0 {
		t.Errorf("cards %q, rows %q", names(o.Cards), names(o.Rows))
	}
	many := State{}
	for i := range 1000 {
		many.VirtualServers = append(many.VirtualServers, served(fmt.Sprintf("udp 10.0.%d.%d:53", i>>8, i&255), 1, 1, 1, 1, 1))
	}
	many.VirtualServers[700].RealServers[3].Weight = 0
	many.VirtualServers[800].RealServers = nil
	o := shown(many, "")
	if names(o.Cards) != "udp 10.0.3.32:53 udp 10.0.2.188:53" || len(o.Rows) != maxRows || o.More.Virtual != 1000-2-maxRows {
		t.Errorf("cards %q, %d rows, %d more", names(o.Cards), len(o.Rows), o.More.Virtual)
	}
	// All in trouble: what does not fit with its real servers is a row.
	for i := range many.VirtualServers {
		many.VirtualServers[i] = served(many.VirtualServers[i].Service, 0, 0, 0, 0, 0)
	}
	if o := shown(many, ""); len(o.Cards) != maxLines/6 || len(o.Rows) != maxRows || o.More.Virtual != 1000-maxLines/6-maxRows {
		t.Errorf("%d cards, %d rows, %d more", len(o.Cards), len(o.Rows), o.More.Virtual)
	}
}

func TestFind(t *testing.T) {
	s := State{VirtualServers: []servers.VirtualServer{served("udp 192.0.2.1:53", 1), served("tcp 192.0.2.1:53", 1, 1), served("fwm 7", 1)}}
	for query, want := range map[string]string{
		"192.0.2.1": "udp 192.0.2.1:53 tcp 192.0.2.1:53", " udp ": "udp 192.0.2.1:53", "198.51.100.2": "tcp 192.0.2.1:53", "fwm 7": "fwm 7", "nobody": "", "": "udp 192.0.2.1:53 tcp 192.0.2.1:53 fwm 7",
	} {
		if o := shown(s, query); names(o.Cards) != want || query != "" && o.Found != len(o.Cards) {
			t.Errorf("%q: %q and %d found, want %q", query, names(o.Cards), o.Found, want)
		}
	}
}

func TestCuts(t *testing.T) {
	s := State{
		Checks: slices.Repeat([]checks.State{{Outcome: "pass", Scheduled: true}, {Outcome: "timeout", Scheduled: true}, {Outcome: "rcode"}}, 1000),
		Drift: slices.Concat(slices.Repeat([]differences.State{{Kind: "weight", Severity: "warning"}}, 500),
			slices.Repeat([]differences.State{{Kind: "real_server_down", Severity: "info"}}, 400), slices.Repeat([]differences.State{{Kind: "not_alpha", Severity: "info"}}, 300)),
	}
	o := shown(s, "")
	want := cut{Differ: 500 - maxDiffer, Out: 400 - maxDiffer, Notes: 300 - maxDiffer, Failing: 1000 - maxChecks, Passing: 1000 - maxChecks, ByHand: 1000 - maxChecks}
	if o.More != want {
		t.Errorf("%+v, want %+v", o.More, want)
	}
	if !strings.Contains(sayOf(o), "warn: 500 warnings") {
		t.Errorf("what is cut is not counted:\n%s", sayOf(o))
	}
}
