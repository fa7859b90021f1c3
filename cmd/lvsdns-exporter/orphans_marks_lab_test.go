//go:build lab

package main_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestOrphansOfMarks has persistent virtual servers with one firewall mark for both families. An entry does not tell its mark, a
// template does.
func TestOrphansOfMarks(t *testing.T) {
	p := places()[2]
	r := p.draw(t)
	for i, iptables := range []string{"iptables-legacy", "ip6tables-legacy"} {
		if _, err := r.director.Run(t.Context(), iptables, "-t", "mangle", "-A", "PREROUTING", "-d", p.vips[i], "-p", "udp", "--dport", "53", "-j", "MARK", "--set-mark", "7"); err != nil {
			t.Fatal(err)
		}
	}
	r.director.IPVSAdm("-A -f 7 -s rr -p 60", "-a -f 7 -r "+p.first[0]+":0 -m -w 1", "-a -f 7 -r "+p.second[0]+":0 -m -w 1",
		"-A -f 7 -6 -s rr -p 60", "-a -f 7 -6 -r ["+p.first[1]+"]:0 -m -w 1", "-a -f 7 -6 -r ["+p.second[1]+"]:0 -m -w 1")
	r.startWith("--connections.interval", "1s")
	r.sysctl("net.ipv4.vs.expire_nodest_conn=0")
	var flows []flow
	for i := range p.vips {
		for _, port := range []string{"4001", "4002"} {
			flows = append(flows, flow{net.JoinHostPort(p.client[i], port), p.at(i, "53")})
		}
	}
	r.mustAsk(flows...)
	check := func(when string, want held) {
		t.Helper()
		page := r.fresh()
		for _, family := range []string{"ipv4", "ipv6"} {
			labels := []string{"vip=", "vport=", "proto=fwm", "fwmark=7", "family=" + family}
			templates, _ := page.value("lvsdns_ipvs_connection_entries", append([]string{"state=template"}, labels...)...)
			if got := page.held(labels...); got != want || templates != 1 {
				t.Errorf("%s, %s: %+v and %g templates, want %+v and 1\n%s", when, family, got, templates, want, r.connections())
			}
		}
	}
	check("one client in each family, with two ports", held{2, 0, 0})
	for i, family := range [][]string{nil, {"-6"}} {
		server := p.first[i]
		if !strings.Contains(r.entry(flows[2*i]), server) {
			server = p.second[i]
		}
		r.ipvsadm(append([]string{"-e", "-f", "7", "-r", net.JoinHostPort(server, "0"), "-m", "-w", "0"}, family...)...)
	}
	check("their real server is drained: two flows and the template", held{2, 0, 3})
	for i, family := range [][]string{nil, {"-6"}} {
		server := p.first[i]
		if !strings.Contains(r.entry(flows[2*i]), server) {
			server = p.second[i]
		}
		r.ipvsadm(append([]string{"-d", "-f", "7", "-r", net.JoinHostPort(server, "0")}, family...)...)
	}
	check("their real server is removed", held{2, 2, 0})
}

// TestOrphansOfThePeer looks at a backup director that learns connections from the master, and has one real server less in its table.
func TestOrphansOfThePeer(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-exporter", "/usr/bin/lvsdns-exporter")
	lan := lab.LAN("lan", "192.168.1.0/24")
	master := lab.Director("lb1", lan.At("192.168.1.11")).Hold(lanVIP)
	backup := lab.Director("lb2", lan.At("192.168.1.12"))
	for _, name := range []string{"21", "22"} {
		lab.RealServer("dns"+name, lan.At("192.168.1."+name)).DR(lanVIP).NameServer(labtest.NSD)
	}
	r := &rig{t: t, lab: lab, director: backup, client: lab.Client("client", lan.At("192.168.1.50"))}
	service := lanVIP + ":53"
	master.IPVSAdm("-A -u "+service+" -s rr", "-a -u "+service+" -r 192.168.1.21:53 -g", "-a -u "+service+" -r 192.168.1.22:53 -g")
	backup.IPVSAdm("-A -u "+service+" -s rr", "-a -u "+service+" -r 192.168.1.22:53 -g")
	r.ipvsadm("--start-daemon", "backup", "--mcast-interface", "eth0", "--syncid", "5")
	if _, err := master.Run(t.Context(), "ipvsadm", "--start-daemon", "master", "--mcast-interface", "eth0", "--syncid", "5"); err != nil {
		t.Fatal(err)
	}
	r.startWith("--connections.interval", "1s")
	flows := []flow{{"192.168.1.50:4001", service}, {"192.168.1.50:4002", service}, {"192.168.1.50:4003", service}, {"192.168.1.50:4004", service}}
	for range 4 { // The third packet of a connection is what the master tells of (sysctl net.ipv4.vs.sync_threshold).
		r.mustAsk(flows...)
	}
	var got held
	lab.WaitFor("the backup knows the connections", 30*time.Second, func() bool {
		got = r.page().held("vip="+lanVIP, "vport=53", "proto=udp", "family=ipv4")
		return got.entries == 4
	})
	if got.missing != 2 || got.drained != 0 {
		t.Errorf("%+v, want two that lead to the real server that the backup does not have\n%s", got, r.connections())
	}
}
