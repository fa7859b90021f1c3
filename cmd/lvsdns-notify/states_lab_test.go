//go:build lab

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// states is a director whose keepalived puts addresses where it may: on an interface, on lo, on VMACs of its own making, of which some have
// the same VRID. lvsdns-notify and lvsdns-exporter both say what state each instance is in.
type states struct {
	t   *testing.T
	lab *labtest.Lab
	lb  *labtest.Host
	k   *labtest.Keepalived
	dir string
	// bare: this keepalived knows instances without addresses (no_virtual_ipaddress, since 2.2.8).
	bare bool
}

// vips are the instances: on which interface, with which VRID and lines, which address, and where keepalived puts that.
var vips = []struct {
	name, dev string
	vrid      int
	lines     string
	address   string
	on        string
}{
	{"PLAIN", "eth0", 60, "", "192.168.1.60/32", "eth0"},
	{"LO", "eth0", 61, "", "192.168.1.61/32 dev lo", "lo"},
	{"VMAC", "eth0", 62, "use_vmac", "192.168.1.62/32", "vrrp.62"},
	{"VMAC_6", "eth0", 62, "use_vmac", "fd00:1::62/128", "vrrp6.62"},
	{"VMAC_SECOND", "eth1", 62, "use_vmac", "192.168.2.62/32", "vrrp1.62"},
	{"VMAC_NAMED", "eth0", 63, "use_vmac 02:00:00:00:00:63 dnsvmac", "192.168.1.63/32", "dnsvmac"},
	{"VMAC_ADDR", "eth0", 64, "use_vmac_addr", "192.168.2.64/32 dev eth1", "dnsa.64"},
	{"VMAC_ONE", "eth0", 65, "", "192.168.2.65/32 dev eth1 use_vmac", "dnsa.65"},
	{"VMAC_BESIDE", "eth0", 66, "use_vmac", "192.168.2.66/32 dev eth1", "eth1"},
	{"IPVLAN", "eth2", 67, "use_ipvlan ipv67 192.168.3.97/24", "192.168.3.67/32", "eth2"},
}

func (s *states) conf() string {
	hook := fmt.Sprintf("/usr/bin/lvsdns-notify --config=%[1]s/none.yaml --keepalived-config=%[1]s/keepalived.conf --state-dir=%[1]s/lib --run-dir=%[1]s/run", s.dir)
	var b strings.Builder
	b.WriteString("global_defs {\n\tvrrp_version 3\n\tscript_user root\n\tvmac_addr_prefix dnsa\n}\n")
	for _, p := range vips {
		fmt.Fprintf(&b, "vrrp_instance %s {\n\tinterface %s\n\tstate BACKUP\n\tvirtual_router_id %d\n\tpriority 100\n\tadvert_int 0.5\n\t%s\n\tvirtual_ipaddress {\n\t\t%s\n\t}\n\tnotify \"%s\"\n}\n",
			p.name, p.dev, p.vrid, p.lines, p.address, hook)
	}
	bare := ""
	if s.bare {
		// An instance without addresses is in the group too: nothing tells its state, and it does not count.
		bare = "\t\tBARE\n"
		b.WriteString("vrrp_instance BARE {\n\tinterface eth0\n\tstate BACKUP\n\tvirtual_router_id 68\n\tpriority 100\n\tadvert_int 0.5\n\tno_virtual_ipaddress\n}\n")
	}
	fmt.Fprintf(&b, "vrrp_sync_group GROUP {\n\tgroup {\n\t\tPLAIN\n\t\tVMAC\n%s\t}\n\tnotify \"%s\"\n}\n", bare, hook)
	return b.String()
}

// wrong says what is not in a state, for the hook or for the exporter.
func (s *states) wrong(want map[string]string) string {
	d, err := (&journal.Journal{StateDir: filepath.Join(s.dir, "lib")}).Read()
	if err != nil {
		return err.Error()
	}
	got := map[string]string{}
	for _, r := range d.Records {
		got[r.Name] = string(r.State)
		if r.Disagree {
			got[r.Name] += "!"
		}
	}
	page, err := s.lb.Get(s.t.Context(), "http://127.0.0.1:9741/metrics")
	if err != nil {
		return err.Error()
	}
	var wrong []string
	for name, state := range want {
		kind := "instance"
		if name == "GROUP" {
			kind = "group"
		}
		if got[name] != state {
			wrong = append(wrong, fmt.Sprintf("%s is %q for lvsdns-notify, want %q", name, got[name], state))
		}
		plain := strings.TrimSuffix(state, "!")
		for _, line := range []string{
			fmt.Sprintf("lvsdns_vrrp_state{kind=%q,name=%q,state=%q} 1\n", kind, name, plain),
			fmt.Sprintf("lvsdns_vrrp_owner_mismatch{kind=%q,name=%q} %d\n", kind, name, len(state)-len(plain)),
		} {
			if !strings.Contains(string(page), line) {
				wrong = append(wrong, "not in the metrics: "+line)
			}
		}
	}
	return strings.Join(wrong, "; ")
}

func (s *states) settle(what string, want map[string]string) {
	s.t.Helper()
	last := ""
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(250 * time.Millisecond) {
		if last = s.wrong(want); last == "" {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("%s: %s\n%s\n%s", what, last, s.addresses(), s.k.Log())
		}
	}
}

func (s *states) run(script string) string {
	s.t.Helper()
	out, err := s.lb.Run(s.t.Context(), "sh", "-ec", script)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *states) addresses() string { return s.run("ip -o address show") }

// TestStates has real keepalived decide where addresses are. lvsdns-notify and lvsdns-exporter must find them there, and nowhere else.
func TestStates(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-notify", "/usr/bin/lvsdns-notify")
	lab.Install("lvsdns-notify-act", "/usr/bin/lvsdns-notify-act")
	one, two, three := lab.LAN("one", "192.168.1.0/24", "fd00:1::/64"), lab.LAN("two", "192.168.2.0/24"), lab.LAN("three", "192.168.3.0/24")
	s := &states{t: t, lab: lab, lb: lab.Director("lb1", one.At("192.168.1.11", "fd00:1::11"), two.At("192.168.2.11"), three.At("192.168.3.11"))}
	s.dir = filepath.Join(lab.Dir(), "lb1")
	version := s.run("keepalived --version 2>&1 | head -n 1")
	s.bare = !strings.Contains(version, " v2.2.7 ")
	t.Log(version)
	s.k = s.lb.Keepalived(s.conf())
	s.lb.Exporter(s.k, "--notify.state-dir="+filepath.Join(s.dir, "lib"), "--checks.socket=", "--sources.share=0s", "--sources.timeout=30s")
	masters, stopped := map[string]string{"GROUP": "master"}, map[string]string{"GROUP": "stop"}
	for _, p := range vips {
		masters[p.name], stopped[p.name] = "master", "stop"
	}
	s.settle("all are master", masters)
	for _, p := range vips {
		addr, _, _ := strings.Cut(p.address, "/")
		at := s.run("ip -o address show to " + addr + " | awk '{print $2}'")
		if strings.TrimSpace(at) != p.on {
			t.Errorf("keepalived has %s of %s on %q, want %s", addr, p.name, at, p.on)
		}
	}
	if t.Failed() {
		t.Log(s.addresses())
	}

	s.k.Stop()
	s.run(`ip link add other type dummy; ip link set other up
ip address add 192.168.1.60/32 dev other
ip address add 192.168.1.61/32 dev eth0
ip address add 192.168.1.62/32 dev eth0
ip address add 192.168.1.63/32 dev lo
ip address add 192.168.2.66/32 dev eth0`)
	s.hook("stopped") // as systemd does: keepalived waits a second for its scripts
	s.settle("keepalived has stopped, and addresses are where it would not have them", stopped)
}

// hook tells lvsdns-notify to look.
func (s *states) hook(words string) {
	s.t.Helper()
	s.run(fmt.Sprintf("/usr/bin/lvsdns-notify --config=%[1]s/none.yaml --keepalived-config=%[1]s/keepalived.conf --state-dir=%[1]s/lib --run-dir=%[1]s/run %[2]s", s.dir, words))
	if _, err := os.Stat(filepath.Join(s.dir, "lib", journal.File)); err != nil {
		s.t.Fatal(err)
	}
}
