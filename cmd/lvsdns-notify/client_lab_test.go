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

// bash is the usual script: it believes its arguments.
func (n *node) bash() {
	n.write("vip_failover.sh", fmt.Sprintf(`#!/bin/bash
case $1 in
master) t=10; s=ready; r=master ;;
*) t=30; s=drain; r=backup ;;
esac
sysctl -qw net.netfilter.nf_conntrack_udp_timeout=$t
ipvsadm --stop-daemon master; ipvsadm --stop-daemon backup
ipvsadm --start-daemon $r --mcast-interface eth0 --syncid 7
python3 -c 'import socket,sys
s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.send(("set server web/s1 state "+sys.argv[2]+"\n").encode()); s.recv(99)' %s $s
`, n.file("admin.sock")))
	if err := os.Chmod(n.file("vip_failover.sh"), 0o755); err != nil {
		n.pair.t.Fatal(err)
	}
}
