//go:build lab

package main

import (
	"testing"
	"time"
)

// fault is a way in which a director loses the addresses, and how it gets well again.
type fault struct {
	name        string
	break_, end func(*node)
}

func faults(how wiring) []fault {
	reload := func(n *node, priority int) { n.keepalived.Reload(n.conf(how, priority)) }
	return []fault{
		{"keepalived is stopped", func(n *node) { n.keepalived.Stop(); n.stopPost(how) }, func(n *node) { n.keepalived.Start() }},
		{"keepalived is killed", func(n *node) { n.keepalived.Kill(); n.stopPost(how) }, func(n *node) { n.keepalived.Start() }},
		{"the interface goes down", func(n *node) { n.sh("ip link set eth0 down") }, func(n *node) { n.sh("ip link set eth0 up") }},
		{"the priority falls", func(n *node) { reload(n, 50) }, func(n *node) { reload(n, n.pair.priority[n.n]) }},
		{"a reload in the middle", func(n *node) {
			n.sh("ip link set eth0 down")
			time.Sleep(300 * time.Millisecond)
			reload(n, n.pair.priority[n.n])
		}, func(n *node) {
			n.sh("ip link set eth0 up")
			time.Sleep(300 * time.Millisecond)
			reload(n, n.pair.priority[n.n])
		}},
	}
}

// failovers plays faults on the first director, and back. All of them are in the long test.
func failovers(t *testing.T, how wiring, which ...int) {
	p := newPair(t, how)
	first, second := p.nodes[0], p.nodes[1]
	p.converge("the start", first)
	for _, i := range which {
		f := faults(how)[i]
		f.break_(first)
		p.converge(f.name, second)
		f.end(first)
		p.converge("the end of: "+f.name, first)
	}
}

func TestFailoversByScripts(t *testing.T) { failovers(t, scripts, 0, 1, 2) }

func TestFailoversByFIFO(t *testing.T) { failovers(t, fifos, 1, 3, 4) }
