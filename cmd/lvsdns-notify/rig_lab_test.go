//go:build lab

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

const (
	vipDNS  = "192.168.1.53"
	vipHTTP = "192.168.1.80"
)

// pair is two directors with keepalived, HAProxy and lvsdns-notify, two name servers and a client.
type pair struct {
	t        *testing.T
	lab      *labtest.Lab
	lan      *labtest.LAN
	nodes    [2]*node
	client   *labtest.Host
	priority [2]int
	options
}

// options is what a pair has besides.
type options struct {
	track    bool // priorities follow the number of usable real servers
	exporter bool // its metrics must tell the same
	late     bool // the reader of FIFOs is started after keepalived, which makes them
}

// node is one director.
type node struct {
	*labtest.Host
	pair       *pair
	n          int
	dir        string // of its files: two directors share one file system here
	keepalived *labtest.Keepalived
	reader     *labtest.Process // of FIFOs
}

// wiring is how keepalived tells what happens.
type wiring int

const (
	scripts wiring = iota // notify_master and its kin, and notify
	fifos                 // one reader
	bash                  // a script in bash instead of lvsdns-notify
)

func newPair(t *testing.T, how wiring, o options) *pair {
	t.Helper()
	lab := labtest.New(t)
	p := &pair{t: t, lab: lab, lan: lab.LAN("lan", "192.168.1.0/24"), priority: [2]int{150, 100}, options: o}
	for i, ip := range []string{"192.168.1.21", "192.168.1.22"} {
		lab.RealServer(fmt.Sprint("dns", i+1), p.lan.At(ip)).DR(vipDNS).NameServer(labtest.NSD)
	}
	p.client = lab.Client("client", p.lan.At("192.168.1.50"))
	lab.Install("lvsdns-notify", "/usr/bin/lvsdns-notify")
	lab.Install("lvsdns-notify-act", "/usr/bin/lvsdns-notify-act")
	for i, ip := range []string{"192.168.1.11", "192.168.1.12"} {
		n := &node{Host: lab.Director(fmt.Sprint("lb", i+1), p.lan.At(ip)), pair: p, n: i}
		n.dir = filepath.Join(lab.Dir(), n.Name)
		p.nodes[i] = n
		n.haproxy()
		n.write("notify.yaml", n.settings())
		if how == bash {
			n.bash()
		}
		if how == fifos && !o.late {
			n.startReader()
		}
	}
	for _, n := range p.nodes {
		n.keepalived = n.Keepalived(n.conf(how, p.priority[n.n]))
		if how == fifos && o.late {
			n.madeFIFOs()
			n.startReader()
		}
		if o.exporter {
			n.Exporter(n.keepalived, "--notify.state-dir="+n.file("lib"), "--checks.socket=", "--sources.share=0s", "--sources.timeout=30s")
		}
	}
	return p
}

func (n *node) file(name string) string { return filepath.Join(n.dir, name) }

func (n *node) write(name, text string) string {
	n.pair.t.Helper()
	if err := os.WriteFile(n.file(name), []byte(text), 0o644); err != nil {
		n.pair.t.Fatal(err)
	}
	return n.file(name)
}

func (n *node) sh(script string, args ...any) string {
	n.pair.t.Helper()
	out, err := n.Run(n.pair.t.Context(), "sh", "-c", fmt.Sprintf(script, args...))
	if err != nil {
		n.pair.t.Fatal(err)
	}
	return out
}

// haproxy is ready to serve the address of VI_HTTP before it is there. Behind it is a server that says which node it is.
func (n *node) haproxy() {
	n.sh("sysctl -qw net.ipv4.ip_nonlocal_bind=1")
	n.write("haproxy.cfg", fmt.Sprintf(`global
	stats socket %[1]s/admin.sock level admin
	stats socket ipv4@127.0.0.1:9999 level admin
defaults
	mode http
	timeout connect 2s
	timeout client 5s
	timeout server 5s
frontend www
	bind %[2]s:80
	default_backend web
backend web
	server s1 127.0.0.1:8080
frontend name
	bind 127.0.0.1:8080
	http-request return status 200 content-type text/plain string %[3]s
`, n.dir, vipHTTP, n.Name))
	n.Start("haproxy", "-db", "-f", n.file("haproxy.cfg"))
	n.pair.lab.WaitFor(n.Name+"'s HAProxy listens", 20*time.Second, func() bool {
		c, err := net.Dial("unix", n.file("admin.sock"))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (n *node) settings() string {
	haproxy := func(to string) string {
		return fmt.Sprintf("      - haproxy: {socket: %s, servers: [web/s1], to: %s}\n", n.file("admin.sock"), to)
	}
	rule := func(what, states string, timeout int, role, to string) string {
		return fmt.Sprintf("  - %s\n    states: [%s]\n    actions:\n", what, states) +
			fmt.Sprintf("      - sysctl: {key: net.netfilter.nf_conntrack_udp_timeout, value: %d}\n", timeout) +
			"      - ipvs-sync: {role: " + role + "}\n" + haproxy(to)
	}
	return "timeout: 10s\nrules:\n" +
		strings.Replace(rule("groups: [VG]", "master", 10, "master", "ready"), "role: master", "role: master, interface: eth0, id: 7", 1) +
		"      - announce: {delay: 100ms, interval: 50ms, count: 2}\n        after: true\n" +
		strings.Replace(rule("groups: [VG]", "backup", 30, "backup", "drain"), "role: backup", "role: backup, interface: eth0, id: 7", 1) +
		rule("groups: [VG]", "fault, stop, deleted", 30, "none", "drain") +
		fmt.Sprintf("agreements:\n  - group: VG\n    haproxy: {socket: %s, servers: [web/s1]}\n    ipvs: true\n    ipvs-sync: true\n", n.file("admin.sock")) + n.trackFiles()
}

func (n *node) trackFiles() string {
	if !n.pair.track {
		return ""
	}
	return fmt.Sprintf("track-files:\n  - {path: %s, vip: %s, port: 53}\n", n.file("healthy"), vipDNS)
}

// hook is lvsdns-notify with this node's files.
func (n *node) hook() string {
	return fmt.Sprintf("/usr/bin/lvsdns-notify --config=%s --keepalived-config=%s --state-dir=%s --run-dir=%s",
		n.file("notify.yaml"), n.file("keepalived.conf"), n.file("lib"), n.file("run"))
}

// stopPost is what systemd does when keepalived has ended (packaging/keepalived-lvsdns-notify.conf): in a guest that stands still for a
// second, as one with a single processor may, keepalived has killed its scripts before they ran.
func (n *node) stopPost(how wiring) {
	if how == scripts {
		n.sh("%s stopped || true", n.hook())
	}
}

func (n *node) startReader() {
	n.pair.t.Helper()
	args := append(strings.Fields(n.hook()), "fifo", "--vrrp", n.file("vrrp.fifo"), "--lvs", n.file("lvs.fifo"))
	n.reader = n.Start(args[0], args[1:]...)
	n.madeFIFOs()
}

// madeFIFOs waits until the FIFOs are there, whoever makes them.
func (n *node) madeFIFOs() {
	n.pair.t.Helper()
	n.pair.lab.WaitFor("the FIFOs are there", 20*time.Second, func() bool {
		_, err := os.Stat(n.file("vrrp.fifo"))
		_, errLVS := os.Stat(n.file("lvs.fifo"))
		return err == nil && errLVS == nil
	})
}

func (n *node) conf(how wiring, priority int) string {
	var b strings.Builder
	b.WriteString("global_defs {\n\tvrrp_version 3\n\tscript_user root\n")
	if how == fifos {
		fmt.Fprintf(&b, "\tvrrp_notify_fifo %s\n\tlvs_notify_fifo %s\n", n.file("vrrp.fifo"), n.file("lvs.fifo"))
	}
	b.WriteString("}\n")
	tracked, weighed := "", ""
	if n.pair.track {
		fmt.Fprintf(&b, "track_file healthy {\n\tfile %s\n\tweight 40\n\tinit_file 0 overwrite\n}\n", n.file("healthy"))
		tracked, weighed = "\ttrack_file {\n\t\thealthy\n\t}\n", "\tsync_group_tracking_weight\n"
	}
	hooks := func(name string) string {
		command := n.hook()
		if how == bash {
			command = n.file("vip_failover.sh")
		}
		var all string
		for _, s := range []string{"master", "backup", "fault", "stop"} {
			if how == scripts || how == bash {
				all += fmt.Sprintf("\tnotify_%s \"%s %s %s\"\n", s, command, s, name)
			}
		}
		return all
	}
	// The group is told about by notify, so that both forms are at work at the same time.
	group := ""
	switch how {
	case scripts:
		group = fmt.Sprintf("\tnotify \"%s\"\n", n.hook())
	case bash:
		group = hooks("VG")
	case fifos: // The reader is told by a line.
	}
	fmt.Fprintf(&b, "vrrp_sync_group VG {\n\tgroup {\n\t\tVI_HTTP\n\t\tVI_DNS\n\t}\n%s%s}\n", weighed, group)
	for i, name := range []string{"VI_HTTP", "VI_DNS"} {
		own := ""
		if how != bash {
			own = hooks(name)
		}
		fmt.Fprintf(&b, `vrrp_instance %s {
	interface eth0
	state BACKUP
	virtual_router_id %d
	priority %d
	advert_int 0.4
	garp_master_delay 1
	virtual_ipaddress {
		%s/32
	}
%s%s}
`, name, 51+i, priority, []string{vipHTTP, vipDNS}[i], tracked, own)
	}
	for _, proto := range []string{"UDP", "TCP"} {
		fmt.Fprintf(&b, "virtual_server %s 53 {\n\tprotocol %s\n\tlb_algo rr\n\tlb_kind DR\n\tdelay_loop 2\n", vipDNS, proto)
		for _, rip := range []string{"192.168.1.21", "192.168.1.22"} {
			fmt.Fprintf(&b, "\treal_server %s 53 {\n\t\tweight 1\n\t\tMISC_CHECK {\n\t\t\tmisc_path \"/usr/bin/test ! -e %s\"\n\t\t\tmisc_timeout 30\n\t\t\twarmup 0\n\t\t}\n\t}\n", rip, n.file("down-"+rip))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// holds is whether the node has all addresses, and whether it has any.
func (n *node) holds() (all, any bool) {
	http, dns := n.Holds(vipHTTP), n.Holds(vipDNS)
	return http && dns, http || dns
}

func (n *node) journal() (*notify.Document, error) {
	return (&journal.Journal{StateDir: n.file("lib")}).Read()
}

// wrong says what on this node does not fit who holds the addresses; empty when all does. What costs more is looked at when all else fits: the guest has one
// processor, and what it does for this test keepalived has to wait for.
func (n *node) wrong(owner bool) string {
	for _, look := range []func(bool) string{n.wrongJournal, n.wrongParts, n.wrongMetrics} {
		if text := look(owner); text != "" {
			return text
		}
	}
	return ""
}

func (n *node) wrongJournal(owner bool) string {
	var wrong []string
	add := func(format string, args ...any) { wrong = append(wrong, n.Name+": "+fmt.Sprintf(format, args...)) }
	all, any := n.holds()
	if all != owner || any != owner {
		add("holds all %v, any %v", all, any)
	}
	state, err := n.journal()
	if err != nil {
		return err.Error()
	}
	seen := 0
	for _, r := range state.Records {
		if r.Name == "" {
			continue
		}
		seen++
		if (r.State == "master") != owner || r.Disagree {
			add("%s is %s in the journal, keepalived said %s", r.Subject, r.State, r.Said)
		}
	}
	if seen != 3 {
		add("%d subjects in the journal", seen)
	}
	for _, a := range state.Agreements {
		if !a.Agrees {
			add("no agreement: %+v", a.Parts)
		}
	}
	return strings.Join(wrong, "; ")
}

// wrongParts is what lvsdns-notify is to put right.
func (n *node) wrongParts(owner bool) string {
	var wrong []string
	add := func(format string, args ...any) { wrong = append(wrong, n.Name+": "+fmt.Sprintf(format, args...)) }
	timeout, servers, sync := "30", "drain", false
	if owner {
		timeout, servers, sync = "10", "ready", true
	}
	seenNow := strings.Fields(n.sh("cat /proc/sys/net/netfilter/nf_conntrack_udp_timeout; ipvsadm -L --daemon"))
	if len(seenNow) == 0 || seenNow[0] != timeout {
		add("nf_conntrack_udp_timeout: %v", seenNow)
	}
	if slices.Contains(seenNow, "master") != sync {
		add("sync daemon: %v", seenNow)
	}
	if got := n.server(); got != servers {
		add("HAProxy's server is %s", got)
	}
	return strings.Join(wrong, "; ")
}

// server is the state of the server in HAProxy.
func (n *node) server() string {
	conn, err := net.Dial("unix", n.file("admin.sock"))
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "show stat -1 4 -1\n"); err != nil {
		return err.Error()
	}
	out, err := io.ReadAll(conn)
	switch {
	case err != nil:
		return err.Error()
	case strings.Contains(string(out), ",DRAIN"):
		return "drain"
	case strings.Contains(string(out), ",MAINT"):
		return "maint"
	default:
		return "ready"
	}
}
