//go:build lab && prove

package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestHundredFailovers plays each of the five faults ten times, there and back: after each of the hundred moves both directors are wholly as the
// addresses tell. What a client lost is counted for each kind of move.
func TestHundredFailovers(t *testing.T) {
	for how, name := range map[wiring]string{scripts: "scripts", fifos: "fifo"} {
		t.Run(name, func(t *testing.T) {
			hundred(t, how, func(p *pair, what string, owner *node) { p.converge(what, owner) })
		})
	}
}

// TestHundredFailoversWithBash is the same with the usual script: the moves that leave something wrong are counted.
func TestHundredFailoversWithBash(t *testing.T) {
	wrong := 0
	hundred(t, bash, func(p *pair, what string, owner *node) {
		// Ten seconds after the address has moved whatever is wrong stays wrong.
		p.lab.WaitFor("the owner after "+what, 40*time.Second, func() bool { return p.owner() == owner })
		time.Sleep(10 * time.Second)
		for i, n := range p.nodes {
			if text := n.wrongParts(p.nodes[i] == owner); text != "" {
				wrong++
				t.Logf("after %s: %s", what, text)
				break
			}
		}
	})
	t.Logf("with the usual script %d of 100 moves have left something wrong", wrong)
}

func hundred(t *testing.T, how wiring, check func(*pair, string, *node)) {
	p := newPair(t, how)
	first, second := p.nodes[0], p.nodes[1]
	check(p, "the start", first)
	load := p.client.Load(labtest.Traffic{Question: labtest.Question{Server: vipDNS}, UDP: 10}, "at rest")
	moves := 0
	for round := range 10 {
		for _, f := range faults(how) {
			for _, back := range []bool{false, true} {
				what, owner, do := f.name, second, f.break_
				if back {
					what, owner, do = "the end of: "+f.name, first, f.end
				}
				load.Phase(what)
				do(first)
				check(p, fmt.Sprintf("%s (round %d)", what, round+1), owner)
				moves++
				load.Phase("at rest")
			}
		}
	}
	type sum struct{ sent, failed, moves int }
	sums := map[string]*sum{}
	var order []string
	for _, phase := range load.Stop() {
		s := sums[phase.Name]
		if s == nil {
			s = &sum{}
			sums[phase.Name] = s
			order = append(order, phase.Name)
		}
		s.sent, s.failed, s.moves = s.sent+phase.UDP.Sent, s.failed+phase.UDP.Failed(), s.moves+1
	}
	slices.Sort(order)
	for _, name := range order {
		s := sums[name]
		t.Logf("%-40s %3d times, %5d queries, %4d without an answer (%.1f each time)", name, s.moves, s.sent, s.failed, float64(s.failed)/float64(s.moves))
	}
	t.Logf("%d moves", moves)
}
