//go:build lab

package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// owner is the node that has all addresses while the other has none; nil while there is no such node.
func (p *pair) owner() *node {
	for i, n := range p.nodes {
		all, _ := n.holds()
		_, other := p.nodes[1-i].holds()
		if all && !other {
			return n
		}
	}
	return nil
}

// converge waits until both directors are wholly as the addresses tell.
func (p *pair) converge(what string, owner *node) {
	p.t.Helper()
	last := ""
	end := time.Now().Add(40 * time.Second)
	for {
		if now := p.owner(); now == nil || owner != nil && now != owner {
			last = "no single owner, or the wrong one"
		} else if last = now.wrong(true); last == "" {
			if last = p.nodes[1-now.n].wrong(false); last == "" {
				last = p.served(now)
			}
		}
		if last == "" {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("after %s: %s\n%s%s", what, last, p.lab.Dump(), p.show())
		}
		time.Sleep(250 * time.Millisecond)
	}
}

// served says what is wrong with what the client gets: DNS and HTTP come from the owner.
func (p *pair) served(owner *node) string {
	if _, err := p.client.Ask(labtest.Question{Server: vipDNS}); err != nil {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Second)
	defer cancel()
	body, err := p.client.Get(ctx, "http://"+vipHTTP+"/")
	if err != nil || string(body) != owner.Name {
		return fmt.Sprintf("HTTP from %q: %v", body, err)
	}
	// Who answers for an address on the LAN is who serves it.
	out, err := p.client.Run(p.t.Context(), "ip", "neigh", "show", "dev", "eth0")
	if err != nil {
		return err.Error()
	}
	macs := map[string]string{}
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if addr, err := netip.ParseAddr(words[0]); err == nil && len(words) > 2 {
			macs[addr.String()] = words[2]
		}
	}
	if macs[vipDNS] != macs[vipHTTP] {
		return "the client sends DNS and HTTP to different nodes: " + out
	}
	return ""
}

// wrongMetrics is what the exporter says and the addresses do not.
func (n *node) wrongMetrics(owner bool) string {
	if !n.pair.exporter {
		return ""
	}
	page := n.page("/metrics")
	var wrong []string
	want := func(value bool, series string) {
		line := series + map[bool]string{false: " 0", true: " 1"}[value] + "\n"
		if !strings.Contains("\n"+page, "\n"+line) {
			wrong = append(wrong, "not in the metrics: "+line)
		}
	}
	for _, s := range []string{`{kind="group",name="VG"`, `{kind="instance",name="VI_DNS"`, `{kind="instance",name="VI_HTTP"`} {
		want(owner, "lvsdns_vrrp_state"+s+`,state="master"}`)
		want(false, "lvsdns_vrrp_owner_mismatch"+s+"}")
	}
	want(true, `lvsdns_notify_agrees{kind="group",name="VG"}`)
	for part, active := range map[string]bool{"haproxy": owner, "ipvs": owner, "ipvs-sync": owner, "instance VI_DNS": owner, "instance VI_HTTP": owner} {
		want(active, `lvsdns_notify_part_active{kind="group",name="VG",part="`+part+`"}`)
	}
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "lvsdns_notify_action_success{") && strings.HasSuffix(line, " 0\n") {
			wrong = append(wrong, line)
		}
	}
	if len(wrong) > 0 {
		return n.Name + ": " + strings.Join(wrong, " ")
	}
	return ""
}

// page is what this node's exporter serves, or why it does not.
func (n *node) page(path string) string {
	page, err := n.Get(n.pair.t.Context(), "http://127.0.0.1:9741"+path)
	if err != nil {
		return err.Error()
	}
	return string(page)
}

func (p *pair) show() string {
	var b strings.Builder
	for _, n := range p.nodes {
		args := append(strings.Fields(n.hook()), "show")
		out, err := n.Run(p.t.Context(), args[0], args[1:]...)
		fmt.Fprintf(&b, "--- %s %v\n%s", n.Name, err, out)
	}
	return b.String()
}

// bash is the usual script: it believes its arguments.
func (n *node) bash() {
	n.write("vip_failover.sh", `#!/bin/bash
case $1 in
master) t=10; s=ready; r=master ;;
*) t=30; s=drain; r=backup ;;
esac
sysctl -qw net.netfilter.nf_conntrack_udp_timeout=$t
ipvsadm --stop-daemon master; ipvsadm --stop-daemon backup
ipvsadm --start-daemon $r --mcast-interface eth0 --syncid 7
exec 3<>/dev/tcp/127.0.0.1/9999 && echo "set server web/s1 state $s" >&3 && read -r <&3
`)
	if err := os.Chmod(n.file("vip_failover.sh"), 0o755); err != nil {
		n.pair.t.Fatal(err)
	}
}
