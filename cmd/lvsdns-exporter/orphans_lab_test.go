//go:build lab

package main_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// place is a way to forward, drawn: two name servers, a director in front of them, and a client.
type place struct {
	method        string
	flag          string    // ipvsadm's
	vips, client  [2]string // of each family
	first, second [2]string // the name servers
}

func (p place) at(family int, port string) string { return net.JoinHostPort(p.vips[family], port) }

const lanVIP, lanVIP6 = "192.168.1.100", "fd00:1::100"

func places() []place {
	oneLAN := place{
		vips: [2]string{lanVIP, lanVIP6}, client: [2]string{"192.168.1.50", "fd00:1::50"},
		first: [2]string{rip, "fd00:1::21"}, second: [2]string{"192.168.1.22", "fd00:1::22"},
	}
	dr, tun, nat := oneLAN, oneLAN, oneLAN
	dr.method, dr.flag = "DR", "-g"
	tun.method, tun.flag = "TUN", "-i"
	nat.method, nat.flag = "NAT", "-m"
	nat.vips, nat.client = [2]string{vip, vip6}, [2]string{"10.0.0.50", "fd00:2::50"}
	return []place{dr, tun, nat}
}

func (p place) draw(t *testing.T) *rig {
	lab := labtest.New(t)
	lab.Install("lvsdns-exporter", "/usr/bin/lvsdns-exporter")
	r := &rig{t: t, lab: lab}
	lan := lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64")
	if p.method == "NAT" {
		wan := lab.LAN("wan", "10.0.0.0/24", "fd00:2::/64")
		r.director = lab.Director("director", wan.At("10.0.0.1", "fd00:2::1"), lan.At("192.168.1.11", "fd00:1::11")).Hold(p.vips[:]...)
		r.client = lab.Client("client", wan.At(p.client[:]...))
	} else {
		r.director = lab.Director("director", lan.At("192.168.1.11", "fd00:1::11")).Hold(p.vips[:]...)
		r.client = lab.Client("client", lan.At(p.client[:]...))
	}
	// As keepalived adds it: never the source of the director's own packets. A real server refuses a tunnel from an address of its own.
	if _, err := r.director.Run(t.Context(), "ip", "address", "change", p.vips[1]+"/128", "dev", "eth0", "preferred_lft", "0"); err != nil {
		t.Fatal(err)
	}
	for i, addrs := range [][2]string{p.first, p.second} {
		server := lab.RealServer(fmt.Sprintf("dns%d", i+1), lan.At(addrs[:]...))
		switch p.method {
		case "DR":
			server.DR(p.vips[:]...)
		case "TUN":
			server.TUN(p.vips[:]...)
		default:
			server.NAT("192.168.1.11", "fd00:1::11")
		}
		server.NameServer(labtest.NSD)
	}
	return r
}

// numbers of one virtual server: entries, those to a missing server, those to a drained one; -1 if absent.
type held struct{ entries, missing, drained float64 }

// fresh is a page that was made after a pass that began after now.
func (r *rig) fresh() page {
	r.t.Helper()
	began := float64(time.Now().UnixMilli()) / 1000
	var p page
	r.lab.WaitFor("a pass", 60*time.Second, func() bool {
		p = r.page()
		ended, _ := p.value("lvsdns_ipvs_connection_pass_timestamp_seconds")
		took, _ := p.value("lvsdns_ipvs_connection_pass_duration_seconds")
		return ended-took > began+0.001
	})
	return p
}

func (p page) held(labels ...string) held {
	numbers := [3]float64{-1, -1, -1}
	for i, want := range [][]string{
		append([]string{"lvsdns_ipvs_connection_entries", "state=udp"}, labels...),
		append([]string{"lvsdns_ipvs_connections_orphaned", "reason=real_server_missing"}, labels...),
		append([]string{"lvsdns_ipvs_connections_orphaned", "reason=real_server_drained"}, labels...),
	} {
		if v, ok := p.value(want[0], want[1:]...); ok {
			numbers[i] = v
		}
	}
	return held{numbers[0], numbers[1], numbers[2]}
}

// want holds a fresh page against what should be there, in both families. One-packet scheduling, at port 5300, never leaves an entry.
func (r *rig) want(p place, when string, want held) {
	r.t.Helper()
	page := r.fresh()
	for i, family := range []string{"ipv4", "ipv6"} {
		labels := []string{"vip=" + p.vips[i], "proto=udp", "fwmark=", "family=" + family}
		got := page.held(append(labels, "vport=53")...)
		r.t.Logf("%s, %s: %g entries, %g to a missing server, %g to a drained one", when, family, got.entries, got.missing, got.drained)
		if got != want {
			r.t.Errorf("%s, %s: %+v, want %+v\n%s", when, family, got, want, r.connections())
		}
		if ops := page.held(append(labels, "vport=5300")...); ops != (held{-1, 0, 0}) {
			r.t.Errorf("%s, %s: one-packet scheduling has %+v\n%s", when, family, ops, r.connections())
		}
	}
}

// TestOrphans removes a real server under clients that keep their source port, with every way to forward and both families.
func TestOrphans(t *testing.T) {
	for _, p := range places() {
		t.Run(p.method, func(t *testing.T) {
			r := p.draw(t)
			for i := range p.vips {
				r.director.IPVSAdm("-A -u "+p.at(i, "53")+" -s rr", "-a -u "+p.at(i, "53")+" -r "+net.JoinHostPort(p.first[i], "53")+" "+p.flag+" -w 1",
					"-a -u "+p.at(i, "53")+" -r "+net.JoinHostPort(p.second[i], "53")+" "+p.flag+" -w 1",
					"-A -u "+p.at(i, "5300")+" -s rr -o", "-a -u "+p.at(i, "5300")+" -r "+net.JoinHostPort(p.first[i], "5300")+" "+p.flag+" -w 1")
			}
			each := func(command, port, serverPort string, rest ...string) {
				t.Helper()
				for i := range p.vips {
					r.ipvsadm(append([]string{command, "-u", p.at(i, port), "-r", net.JoinHostPort(p.first[i], serverPort)}, rest...)...)
				}
			}
			r.startWith("--connections.interval", "1s")
			r.sysctl("net.ipv4.vs.expire_nodest_conn=0")

			// Round robin: two ports for each server.
			var all, bound []flow
			for i := range p.vips {
				for _, port := range []string{"4001", "4002", "4003", "4004"} {
					all = append(all, flow{net.JoinHostPort(p.client[i], port), p.at(i, "53")})
				}
			}
			r.mustAsk(all...)
			r.ask(flow{net.JoinHostPort(p.client[0], "4100"), p.at(0, "5300")}, flow{net.JoinHostPort(p.client[1], "4100"), p.at(1, "5300")})
			r.want(p, "four clients, each with a port of its own", held{4, 0, 0})
			for _, f := range all {
				if strings.Contains(r.entry(f), p.first[0]+":") || strings.Contains(r.entry(f), p.first[1]+"]:") {
					bound = append(bound, f)
				}
			}
			if len(bound) != 4 {
				t.Fatalf("%v are bound to the first server\n%s", bound, r.connections())
			}

			each("-e", "53", "53", p.flag, "-w", "0")
			r.mustAsk(bound...) // A drained server serves its old clients.
			r.want(p, "its weight is 0", held{4, 0, 2})

			each("-d", "53", "53")
			each("-d", "5300", "5300")
			before := r.expiry(bound[0])
			if answered := r.ask(bound...); len(answered) > 0 {
				t.Errorf("a removed server still serves %v", answered)
			}
			if after := r.expiry(bound[0]); after >= before {
				t.Errorf("questions to nobody made an entry last longer: %d s, then %d s", before, after)
			}
			r.want(p, "it is removed", held{4, 2, 0})

			r.sysctl("net.ipv4.vs.expire_nodest_conn=1")
			r.lab.WaitFor("both clients are served again", 20*time.Second, func() bool { return len(r.ask(bound...)) == len(bound) })
			r.want(p, "expire_nodest_conn=1, and its clients have asked", held{4, 0, 0})
		})
	}
}

// TestOrphansExpire removes the only server: each entry goes when its time is over, however often its client asks.
func TestOrphansExpire(t *testing.T) {
	p := places()[2]
	r := p.draw(t)
	server := net.JoinHostPort(p.first[0], "53")
	r.director.IPVSAdm("-A -u "+p.at(0, "53")+" -s rr", "-a -u "+p.at(0, "53")+" -r "+server+" -m -w 1")
	r.ipvsadm("--set", "0", "0", "8")
	r.startWith("--connections.interval", "1s")
	r.sysctl("net.ipv4.vs.expire_nodest_conn=0")
	flows := []flow{{p.client[0] + ":4001", p.at(0, "53")}, {p.client[0] + ":4002", p.at(0, "53")}}
	r.mustAsk(flows...)
	r.ipvsadm("-d", "-u", p.at(0, "53"), "-r", server)
	labels := []string{"vip=" + p.vips[0], "proto=udp"}
	if got := r.fresh().held(labels...); got != (held{2, 2, 0}) {
		t.Errorf("removed: %+v\n%s", got, r.connections())
	}
	took := r.lab.WaitFor("they have expired", 60*time.Second, func() bool {
		r.ask(flows[0])
		return r.page().held(labels...) == held{-1, 0, 0}
	})
	t.Logf("with a timeout of 8 s they were gone %s later, while one of two clients went on asking", took.Round(time.Second))

	// With expire_nodest_conn, kernels from 5.9 on do not even wait for the client (expire_nodest_conn_handler in ip_vs_ctl.c).
	r.ipvsadm("--set", "0", "0", "300")
	r.sysctl("net.ipv4.vs.expire_nodest_conn=1")
	r.director.IPVSAdm("-a -u " + p.at(0, "53") + " -r " + server + " -m -w 1")
	r.mustAsk(flows...)
	if got := r.fresh().held(labels...); got != (held{2, 0, 0}) {
		t.Errorf("there again: %+v\n%s", got, r.connections())
	}
	r.ipvsadm("-d", "-u", p.at(0, "53"), "-r", server)
	r.lab.WaitFor("their entries go with the server", 20*time.Second, func() bool { return r.page().held(labels...) == held{-1, 0, 0} })
}

func (r *rig) connections() string {
	r.t.Helper()
	out, err := r.director.Run(r.t.Context(), "ipvsadm", "-Lnc")
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// entry is the line of ipvsadm -Lnc with this flow.
func (r *rig) entry(f flow) string {
	r.t.Helper()
	for line := range strings.Lines(r.connections()) {
		if words := strings.Fields(line); len(words) >= 6 && words[3] == f.from && words[4] == f.to {
			return line
		}
	}
	r.t.Fatalf("%v has no entry\n%s", f, r.connections())
	return ""
}

// expiry is how many seconds the entry of a flow has left.
func (r *rig) expiry(f flow) int {
	r.t.Helper()
	minutes, seconds, _ := strings.Cut(strings.Fields(r.entry(f))[1], ":")
	m, errM := strconv.Atoi(minutes)
	s, errS := strconv.Atoi(seconds)
	if errM != nil || errS != nil {
		r.t.Fatalf("no time: %s", r.entry(f))
	}
	return 60*m + s
}
