//go:build lab

package main_test

import (
	"net"
	"strings"
	"testing"
	"time"
)

// TestOrphansOfPersistence drains the real server of a persistent client. Its flows are forgotten; its template is not, and catches it from
// every new port, until expire_quiescent_template is set. Who reads makes no difference.
func TestOrphansOfPersistence(t *testing.T) {
	p := places()[2]
	r := p.draw(t)
	for i := range p.vips {
		r.director.IPVSAdm("-A -u "+p.at(i, "53")+" -s wlc -p 300", "-a -u "+p.at(i, "53")+" -r "+net.JoinHostPort(p.first[i], "53")+" -m -w 1")
	}
	r.ipvsadm("--set", "0", "0", "2")
	r.sysctl("net.ipv4.vs.expire_nodest_conn=1")
	ask := func(port string) int {
		var all []flow
		for i := range p.vips {
			all = append(all, flow{net.JoinHostPort(p.client[i], port), p.at(i, "53")})
		}
		return len(r.ask(all...))
	}
	if n := ask("4001"); n != 2 {
		t.Fatalf("%d of 2 answered\n%s", n, r.connections())
	}
	for i := range p.vips {
		r.director.IPVSAdm("-a -u "+p.at(i, "53")+" -r "+net.JoinHostPort(p.second[i], "53")+" -m -w 1",
			"-e -u "+p.at(i, "53")+" -r "+net.JoinHostPort(p.first[i], "53")+" -m -w 0")
	}
	forgotten := func() {
		t.Helper()
		r.lab.WaitFor("the flows are forgotten", 60*time.Second, func() bool { return onlyTemplates(r.connections()) })
	}
	forgotten()
	counted := func(when string, want float64) {
		t.Helper()
		page := r.fresh()
		for i, family := range []string{"ipv4", "ipv6"} {
			got := page.held("vip="+p.vips[i], "proto=udp", "vport=53", "family="+family)
			templates, _ := page.value("lvsdns_ipvs_connection_entries", "state=template", "vip="+p.vips[i], "family="+family)
			if got.drained != want || got.missing != 0 || got.entries != -1 || templates < 1 {
				t.Errorf("%s, %s: %+v and %g templates, want %g to a drained server\n%s", when, family, got, templates, want, r.connections())
			}
		}
	}
	r.startWith("--connections.interval", "1s")
	counted("as root", 1)
	r.exporter.Stop()
	asNobody := []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"}
	r.run(asNobody, []string{"--connections.interval", "1s"})
	counted("as nobody", 1)

	// To the director it is dead.
	r.run1("ip", "route", "add", "unreachable", p.first[0])
	r.run1("ip", "-6", "route", "add", "unreachable", p.first[1])
	for _, port := range []string{"4002", "4003"} {
		if n := ask(port); n != 0 {
			t.Errorf("%d of 2 clients are answered from new port %s: this kernel is another", n, port)
		}
	}
	forgotten()
	counted("after questions from new ports", 1)
	r.sysctl("net.ipv4.vs.expire_quiescent_template=1")
	counted("expire_quiescent_template=1", 0)
	if n := ask("4004"); n != 2 {
		t.Errorf("mended, %d of 2 answered from a new port\n%s", n, r.connections())
	}
	forgotten()
	r.sysctl("net.ipv4.vs.expire_quiescent_template=0")
	// The old template is there until its time is over, and binds nobody.
	counted("what is left of the old template", 0)
}

// onlyTemplates reports whether a listing of connections has no flow.
func onlyTemplates(listing string) bool {
	for line := range strings.Lines(listing) {
		if words := strings.Fields(line); len(words) >= 6 && words[0] == "UDP" && !strings.HasSuffix(words[3], ":0") {
			return false
		}
	}
	return true
}
