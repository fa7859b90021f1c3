package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/checks"
	"github.com/lvsdns/lvsdns/exporter/internal/differences"
	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/notify"
)

// overview is the state in the order in which somebody who was woken wants to see it: what is wrong first.
// What is long is cut: nobody reads a table of a thousand virtual servers, and the JSON has them all.
type overview struct {
	State
	Troubles []trouble // the verdict, worst first; empty: nothing to mend
	Down     []source.State
	Differ   []differences.State // what is to be mended
	Out      []differences.State // real servers that keepalived has taken out, or may have
	Notes    []differences.State // the rest
	Failing  []check
	Passing  []check
	ByHand   []check // tried by somebody
	Cards    []card  // virtual servers with their real servers
	Rows     []card  // without

	Query string
	Found int // virtual servers that the query has found
	More  cut
}

// cut counts what is not shown.
type cut struct{ Differ, Out, Notes, Failing, Passing, ByHand, Virtual int }

// The most that the page shows of each.
const (
	maxDiffer = 50
	maxChecks = 100
	maxLines  = 300 // of real servers in cards
	maxRows   = 200 // of virtual servers without them
)

// check is the last run of a check, and how long ago that was.
type check struct {
	checks.State
	Age time.Duration
}

// Since is how long before this state something was.
func (o overview) Since(t time.Time) time.Duration { return o.Time.Sub(t) }

// Unread reports whether a source could not be read.
func (o overview) Unread(name string) bool {
	return slices.ContainsFunc(o.Down, func(s source.State) bool { return s.Name == name })
}

// trouble is one thing that is wrong, how bad (a class of the page's style) and where on the page it stands.
type trouble struct{ Class, Text, At string }

// card is a virtual server and how its real servers are.
type card struct {
	servers.VirtualServer
	Usable, Drained, Overloaded int
	Replies                     bool // pass the director: they can be counted
}

// Class is how bad it is: a class of the page's style.
func (c card) Class() string {
	switch {
	case c.Usable == 0:
		return "bad"
	case c.Drained+c.Overloaded > 0:
		return "warn"
	default:
		return "good"
	}
}

// shown sorts the state for the page. A query finds virtual servers by a part of their name or of the address of a real server.
func shown(s State, query string) overview {
	o := overview{State: s, Query: strings.TrimSpace(query)}
	for _, source := range s.Sources {
		if !source.Up {
			o.Down = append(o.Down, source)
		}
	}
	for _, d := range s.Drift {
		switch {
		case d.Kind == string(drift.ServerDown):
			o.Out = append(o.Out, d)
		case d.Severity == string(drift.Info):
			o.Notes = append(o.Notes, d)
		default:
			o.Differ = append(o.Differ, d)
		}
	}
	for _, state := range s.Checks {
		switch c := (check{state, o.Since(state.Last)}); {
		case !c.Scheduled:
			o.ByHand = append(o.ByHand, c)
		case c.Passed():
			o.Passing = append(o.Passing, c)
		default:
			o.Failing = append(o.Failing, c)
		}
	}
	var cards []card
	for _, v := range s.VirtualServers {
		cards = append(cards, cardOf(v))
	}
	o.judge(cards)
	o.choose(cards)
	o.Differ, o.More.Differ = first(o.Differ, maxDiffer)
	o.Out, o.More.Out = first(o.Out, maxDiffer)
	o.Notes, o.More.Notes = first(o.Notes, maxDiffer)
	o.Failing, o.More.Failing = first(o.Failing, maxChecks)
	o.Passing, o.More.Passing = first(o.Passing, maxChecks)
	o.ByHand, o.More.ByHand = first(o.ByHand, maxChecks)
	return o
}

func first[T any](list []T, n int) (shown []T, more int) {
	if len(list) <= n {
		return list, 0
	}
	return list[:n], len(list) - n
}

func cardOf(v servers.VirtualServer) card {
	c := card{VirtualServer: v}
	for _, r := range v.RealServers {
		switch {
		case r.Weight == 0:
			c.Drained++
		case r.Overloaded:
			c.Overloaded++
		default:
			c.Usable++
		}
		c.Replies = c.Replies || r.Replies
	}
	return c
}

// judge says in a line what is wrong, and how much of it.
func (o *overview) judge(cards []card) {
	add := func(n int, class, at, one, several string) {
		switch {
		case n == 1:
			o.Troubles = append(o.Troubles, trouble{class, "1 " + one, at})
		case n > 1:
			o.Troubles = append(o.Troubles, trouble{class, fmt.Sprintf("%d %s", n, several), at})
		}
	}
	severity := map[string]int{}
	for _, d := range o.Differ {
		severity[d.Severity]++
	}
	classes := map[string]int{}
	for _, c := range cards {
		classes[c.Class()]++
	}
	partial := 0
	for _, v := range o.VRRP {
		if v.Kind == "instance" && v.State == notify.Partial {
			partial++
		}
	}
	add(classes["bad"], "bad", "servers", "virtual server without a usable real server", "virtual servers without a usable real server")
	add(severity[string(drift.Critical)], "bad", "differences", "critical difference", "critical differences")
	add(len(o.Failing), "bad", "checks", "check fails", "checks fail")
	add(partial, "bad", "vrrp", "VRRP instance has some of its addresses only", "VRRP instances have some of their addresses only")
	add(len(o.Out), "warn", "out", "real server is out", "real servers are out")
	add(classes["warn"], "warn", "servers", "virtual server with a drained or overloaded real server", "virtual servers with drained or overloaded real servers")
	add(severity[string(drift.Warning)], "warn", "differences", "warning", "warnings")
	add(len(o.Down), "warn", "sources", "source could not be read", "sources could not be read")
}

// choose decides which virtual servers are shown with their real servers: those in trouble, those that were asked for, and
// all if they are few. The worst come first.
func (o *overview) choose(cards []card) {
	if o.Query != "" {
		cards = slices.DeleteFunc(cards, func(c card) bool { return !c.matches(o.Query) })
		o.Found = len(cards)
	}
	rank := map[string]int{"bad": 0, "warn": 1, "good": 2}
	slices.SortStableFunc(cards, func(a, b card) int { return cmp.Compare(rank[a.Class()], rank[b.Class()]) })
	lines := 0
	for _, c := range cards {
		lines += len(c.RealServers) + 1
	}
	all := lines <= maxLines || o.Query != ""
	lines = 0
	for _, c := range cards {
		size := len(c.RealServers) + 1
		switch {
		case (all || c.Class() != "good") && lines+size <= maxLines:
			o.Cards, lines = append(o.Cards, c), lines+size
		case len(o.Rows) < maxRows:
			o.Rows = append(o.Rows, c)
		default:
			o.More.Virtual++
		}
	}
}

func (c card) matches(query string) bool {
	return strings.Contains(c.Service, query) || slices.ContainsFunc(c.RealServers, func(r servers.RealServer) bool { return strings.Contains(r.RIP, query) })
}
