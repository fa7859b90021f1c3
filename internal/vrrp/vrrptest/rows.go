// Package vrrptest has the one table of who is master: what keepalived.conf has,
// what a host holds, what keepalived has said, and the state that follows. All
// that decide it are tested by it, and a lab test holds it against keepalived.
package vrrptest

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// Row is one host.
type Row struct {
	Name string
	Conf string // keepalived.conf: instances A and B, group G
	held string // ADDRESS@INTERFACE
	said string // NAME=STATE, in this order
	Want string // NAME STATE, with a mark where keepalived's word differs
}

// Instance is a vrrp_instance on eth0 with VRID 51 and these lines and addresses.
func Instance(name, lines string, addresses ...string) string {
	return fmt.Sprintf("vrrp_instance %s {\n\tinterface eth0\n\tvirtual_router_id 51\n%s\tvirtual_ipaddress {\n\t\t%s\n\t}\n}\n", name, lines, strings.Join(addresses, "\n\t\t"))
}

// Rows are the table.
func Rows() []Row {
	a, b := Instance("A", "", "192.0.2.1/32", "192.0.2.2/32"), strings.Replace(Instance("B", "", "192.0.2.3/32"), "51", "52", 1)
	group := "vrrp_sync_group G {\n\tgroup {\n\t\tA\n\t\tB\n\t}\n}\n"
	empty := "vrrp_instance B {\n\tinterface eth0\n\tvirtual_router_id 52\n}\n"
	return []Row{
		{"on its interface", a, "192.0.2.1@eth0 192.0.2.2@eth0", "", "A master"},
		{"some of them", a, "192.0.2.2@eth0", "", "A partial"},
		{"some of them, master", a, "192.0.2.2@eth0", "A=master", "A partial!"},
		{"some of them, backup", a, "192.0.2.2@eth0", "A=backup", "A partial!"},
		{"none", a, "", "", "A backup"},
		{"none, in fault", a, "", "A=fault", "A fault"},
		{"none, and keepalived says master", a, "", "A=master", "A backup!"},
		{"all, and keepalived has stopped", a, "192.0.2.1@eth0 192.0.2.2@eth0", "A=stop", "A master!"},
		{"on another interface", a, "192.0.2.1@eth1 192.0.2.2@eth1", "", "A backup"},
		{"on a dummy, as a real server", a, "192.0.2.1@dummy0 192.0.2.2@dummy0", "", "A backup"},
		{"on lo, as a real server", a, "192.0.2.1@lo 192.0.2.2@lo", "", "A backup"},
		{"on lo, where keepalived.conf has it", Instance("A", "", "192.0.2.1/32 dev lo"), "192.0.2.1@lo", "", "A master"},
		{"on eth0, and keepalived.conf says lo", Instance("A", "", "192.0.2.1/32 dev lo"), "192.0.2.1@eth0", "", "A backup"},
		{"on its VMAC", Instance("A", "use_vmac\n", "192.0.2.1/32"), "192.0.2.1@vrrp.51", "", "A master"},
		{"on its second VMAC", Instance("A", "use_vmac\n", "2001:db8::1/128"), "2001:db8::1@vrrp6.51", "", "A master"},
		{"beside its VMAC", Instance("A", "use_vmac\n", "192.0.2.1/32"), "192.0.2.1@eth0", "", "A backup"},
		{"on its interface, with use_ipvlan", Instance("A", "use_ipvlan\n", "192.0.2.1/32"), "192.0.2.1@eth0", "", "A master"},
		{"no address", empty, "", "", "B unknown"},
		{"no address, and keepalived says fault", empty, "", "B=fault", "B fault"},
		{"an address on no interface", strings.Replace(Instance("A", "", "192.0.2.1/32"), "\tinterface eth0\n", "", 1), "192.0.2.1@eth0", "A=backup", "A backup"},
		{"a group", a + b + group, "192.0.2.1@eth0 192.0.2.2@eth0 192.0.2.3@eth0", "", "A master, B master, G master"},
		{"a group of which one is elsewhere", a + b + group, "192.0.2.3@eth0", "", "A backup, B master, G partial"},
		{"a group of which one is half here", a + b + group, "192.0.2.1@eth0", "", "A partial, B backup, G partial"},
		{"a group of which one is half here, and keepalived says backup", a + b + group, "192.0.2.1@eth0", "G=backup", "A partial!, B backup, G partial!"},
		{"a group that is not here", a + b + group, "", "", "A backup, B backup, G backup"},
		{"a group of which one is in fault", a + b + group, "", "A=fault B=backup", "A fault, B backup, G fault"},
		{"a group that keepalived has said more of", a + b + group, "", "A=backup B=backup G=fault", "A fault, B fault, G fault"},
		{"a group with an instance without addresses", a + empty + group, "192.0.2.1@eth0 192.0.2.2@eth0", "", "A master, B unknown, G master"},
		{"a group with an instance without addresses, elsewhere", a + empty + group, "", "", "A backup, B unknown, G backup"},
		{"a group of instances without addresses", empty + "vrrp_sync_group G {\n\tgroup {\n\t\tB\n\t}\n}\n", "", "", "B unknown, G unknown"},
	}
}

// Held are the addresses that the host has.
func (r Row) Held() []notify.Held {
	var all []notify.Held
	for _, h := range strings.Fields(r.held) {
		addr, on, _ := strings.Cut(h, "@")
		all = append(all, notify.Held{Addr: netip.MustParseAddr(addr), Interface: on})
	}
	return all
}

// Said are keepalived's words.
func (r Row) Said() []notify.Event {
	var all []notify.Event
	for n, said := range strings.Fields(r.said) {
		name, state, _ := strings.Cut(said, "=")
		s := notify.Subject{Kind: notify.Instance, Name: name}
		if name == "G" {
			s.Kind = notify.Group
		}
		mark := notify.Mark{Born: time.Duration(n+1) * time.Second}
		all = append(all, notify.Event{Subject: s, State: notify.State(state), Source: notify.FIFO, Mark: mark, At: time.Unix(int64(n+1), 0)})
	}
	return all
}

// Line writes a state as [Row].Want has it.
func Line(name string, state notify.State, disagree bool) string {
	return fmt.Sprint(name, " ", state, map[bool]string{true: "!"}[disagree])
}
