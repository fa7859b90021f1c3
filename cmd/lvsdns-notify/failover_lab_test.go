//go:build lab

package main

import (
	"os"
	"strings"
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
	p := newPair(t, how, options{exporter: true})
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

// TestPriorityFollowsServers has the checks of one director fail: keepalived says so in its FIFO, the number of usable servers goes into the file that it
// tracks, and the addresses move to the director that can serve. The exporter tells all of it, and drift why the servers are out.
func TestPriorityFollowsServers(t *testing.T) {
	p := newPair(t, fifos, options{track: true, exporter: true})
	first, second := p.nodes[0], p.nodes[1]
	healthy := func(n *node, want string) func() bool {
		return func() bool {
			text, err := os.ReadFile(n.file("healthy"))
			return err == nil && strings.TrimSpace(string(text)) == want
		}
	}
	// known is what the journal has of the servers: up or down for each.
	known := func(n *node, up, down int) func() bool {
		return func() bool {
			d, err := n.journal()
			if err != nil {
				return false
			}
			var got [2]int
			for _, s := range d.Servers {
				switch {
				case !s.Real.IsValid():
				case s.Up:
					got[0]++
				default:
					got[1]++
				}
			}
			return got == [2]int{up, down}
		}
	}
	p.converge("the start", first)
	p.lab.WaitFor("both servers are counted", 20*time.Second, healthy(first, "2"))
	for _, rip := range []string{"192.168.1.21", "192.168.1.22"} {
		first.write("down-"+rip, "")
	}
	p.lab.WaitFor("no server is left on the first director", 40*time.Second, healthy(first, "0"))
	p.lab.WaitFor("keepalived has said so", 20*time.Second, known(first, 0, 4))
	p.converge("the loss of all servers on the first director", second)
	page, why := "", ""
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the metrics of %s:\n%s\nand its state:\n%s", first.Name, page, why)
		}
	})
	p.lab.WaitFor("the metrics tell what keepalived has said", 20*time.Second, func() bool {
		page, why = first.page("/metrics"), first.page("/api/v1/state")
		for _, proto := range []string{"udp", "tcp"} {
			at := `{vip="` + vipDNS + `",vport="53",proto="` + proto + `",fwmark="",family="ipv4"`
			for _, series := range []string{
				"lvsdns_notify_quorum_up" + at + "}",
				"lvsdns_notify_real_server_up" + at + `,rip="192.168.1.21",rport="53"}`,
				"lvsdns_notify_real_server_up" + at + `,rip="192.168.1.22",rport="53"}`,
			} {
				if !strings.Contains(page, "\n"+series+" 0\n") {
					return false
				}
			}
		}
		return strings.Count(why, "its check fails, as keepalived said at ") >= 4
	})
	for _, rip := range []string{"192.168.1.21", "192.168.1.22"} {
		if err := os.Remove(first.file("down-" + rip)); err != nil {
			t.Fatal(err)
		}
	}
	p.lab.WaitFor("the servers are back", 40*time.Second, known(first, 4, 0))
	p.converge("the return of the servers", first)
}

func TestFailoversByFIFO(t *testing.T) { failovers(t, fifos, 1, 3, 4) }
