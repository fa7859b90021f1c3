//go:build lab && prove

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestHundredFailovers plays each of the five faults ten times, there and back: after each of the hundred moves both directors are wholly as the
// addresses tell, the exporter's metrics with them. What a client lost is counted for each kind of move. Parts are labs of their own.
func TestHundredFailovers(t *testing.T) {
	for _, how := range []wiring{scripts, fifos} {
		hundred(t, how, func(p *pair, what string, owner *node) {
			p.unstick(what, owner)
			p.converge(what, owner)
			p.stays(what, owner)
		})
	}
}

// TestHundredFailoversWithBash is the same with the usual script: the moves that leave something wrong are counted.
func TestHundredFailoversWithBash(t *testing.T) {
	wrong := 0
	hundred(t, bash, func(p *pair, what string, owner *node) {
		// Five seconds after the address has moved whatever is wrong stays wrong.
		p.unstick(what, owner)
		p.lab.WaitFor("the owner after "+what, 40*time.Second, func() bool { return p.owner() == owner })
		time.Sleep(5 * time.Second)
		for i, n := range p.nodes {
			if text := n.wrongParts(p.nodes[i] == owner); text != "" {
				wrong++
				p.t.Logf("after %s: %s", what, text)
				break
			}
		}
	})
	t.Logf("with the usual script %d moves have left something wrong", wrong)
}

func hundred(t *testing.T, how wiring, check func(*pair, string, *node)) {
	const parts, rounds = 5, 2
	name := map[wiring]string{scripts: "scripts", fifos: "fifo", bash: "bash"}[how]
	all := tally{}
	for part := range parts {
		t.Run(fmt.Sprintf("%s/part %d", name, part+1), func(t *testing.T) {
			p := newPair(t, how, options{exporter: how != bash})
			all.add(moves(p, how, rounds, check))
		})
	}
	t.Logf("%s:\n%s", name, all)
}

// moves plays every fault on the first director, and back, in each round.
func moves(p *pair, how wiring, rounds int, check func(*pair, string, *node)) []labtest.Phase {
	first, second := p.nodes[0], p.nodes[1]
	check(p, "the start", first)
	load := p.client.Load(labtest.Traffic{Question: labtest.Question{Server: vipDNS}, UDP: 10}, "at rest")
	for round := range rounds {
		for _, f := range faults(how) {
			load.Phase(f.name)
			f.break_(first)
			check(p, fmt.Sprintf("%s (round %d)", f.name, round+1), second)
			load.Phase("the end of: " + f.name)
			f.end(first)
			check(p, fmt.Sprintf("the end of: %s (round %d)", f.name, round+1), first)
		}
	}
	return load.Stop()
}

// unstick starts keepalived anew if it stays without the addresses that it should take, as 2.3.3 does after some reloads while an interface comes up. All
// that lvsdns-notify looks after must fit the owner that there is.
func (p *pair) unstick(what string, owner *node) {
	p.t.Helper()
	other := p.nodes[1-owner.n]
	for end := time.Now().Add(25 * time.Second); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		if p.owner() == owner {
			return
		}
	}
	if p.owner() != other {
		return // It is still on its way, or wrong: see what comes.
	}
	p.t.Logf("after %s keepalived of %s has not taken the addresses, and is started anew; wrong so far: %q\n%s", what, owner.Name,
		other.wrongParts(true)+owner.wrongParts(false), owner.sh("tail -n 12 keepalived.log; for p in $(pgrep -x keepalived); do echo $p $(cat /proc/$p/wchan) $(cut -d' ' -f3 /proc/$p/stat); done"))
	owner.keepalived.Kill()
	owner.keepalived.Start()
}

// stays says for a while what is wrong with what the client gets. Who serves must not change once all is as it should be.
func (p *pair) stays(what string, owner *node) {
	p.t.Helper()
	for range 4 {
		if text := p.served(owner); text != "" {
			p.t.Errorf("some time after %s: %s", what, text)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// tally adds up what a client lost, by kind of move.
type tally map[string]*struct{ moves, sent, failed int }

func (a tally) add(phases []labtest.Phase) {
	for _, p := range phases {
		if a[p.Name] == nil {
			a[p.Name] = new(struct{ moves, sent, failed int })
		}
		s := a[p.Name]
		s.moves, s.sent, s.failed = s.moves+1, s.sent+p.UDP.Sent, s.failed+p.UDP.Failed()
	}
}

func (a tally) String() string {
	var b strings.Builder
	moves := 0
	for _, name := range slices.Sorted(maps.Keys(a)) {
		s := a[name]
		fmt.Fprintf(&b, "%-40s %3d times, %5d queries, %4d without an answer (%.1f each time)\n", name, s.moves, s.sent, s.failed, float64(s.failed)/float64(s.moves))
		if name != "at rest" {
			moves += s.moves
		}
	}
	fmt.Fprintf(&b, "%d moves", moves)
	return b.String()
}
