package vrrp

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/vrrp/vrrptest"
	"github.com/lvsdns/lvsdns/notify"
)

// parse reads a keepalived.conf.
func parse(t *testing.T, text string) *keepalived.Config {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "k"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := keepalived.Load("k", keepalived.Options{FS: os.DirFS(dir), ConfigID: "lb1"})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestInterfaces: on which interfaces keepalived may have put an address.
func TestInterfaces(t *testing.T) {
	const four, six = "192.0.2.1/32", "2001:db8::1/128"
	for _, tt := range []struct{ name, conf, want string }{
		{"that of the instance", vrrptest.Instance("A", "", four), "eth0"},
		{"its own", vrrptest.Instance("A", "", four+" dev eth1"), "eth1"},
		{"lo, where it says so", vrrptest.Instance("A", "", four+" dev lo"), "lo"},
		{"use_vmac", vrrptest.Instance("A", "use_vmac\n", four), "vrrp.51 vrrp1.51"},
		{"use_vmac, on its interface by name", vrrptest.Instance("A", "use_vmac\n", four+" dev eth0"), "vrrp.51 vrrp1.51"},
		{"use_vmac and another interface", vrrptest.Instance("A", "use_vmac\n", four+" dev eth1"), "eth1"},
		{"use_vmac with a name", vrrptest.Instance("A", "use_vmac vmac4\n", four), "vmac4"},
		{"use_vmac with a MAC address", vrrptest.Instance("A", "use_vmac 02:00:00:00:00:01\n", four), "vrrp.51 vrrp1.51"},
		{"use_vmac with all there may be", vrrptest.Instance("A", "use_vmac 02:00:00:00:00:01 netlink_notify_msg group 7 name vmac4\n", four), "vmac4 group"},
		{"use_vmac with the word name", vrrptest.Instance("A", "use_vmac name vmac4\n", four), "vmac4 name"},
		{"use_vmac with a group alone", vrrptest.Instance("A", "use_vmac group 7\n", four), "group"},
		{"use_vmac with two names", vrrptest.Instance("A", "use_vmac vmac4 vmac6\n", four), "vmac4"},
		{"use_vmac with a name that is too long", vrrptest.Instance("A", "use_vmac a234567890123456\n", four), "vrrp.51 vrrp1.51"},
		{"use_vmac, IPv6", vrrptest.Instance("A", "use_vmac\n", six), "vrrp.51 vrrp6.51 vrrp1.51"},
		{"use_vmac, the VRID is another's too", vrrptest.Instance("A", "use_vmac\n", four) + vrrptest.Instance("B", "use_vmac\n", six), "vrrp.51 vrrp1.51 vrrp2.51"},
		{"vmac_prefix", "global_defs {\n\tvmac_prefix dns\n}\n" + vrrptest.Instance("A", "use_vmac\n", four), "dns.51 dns1.51"},
		{"a long vmac_prefix", "global_defs {\n\tvmac_prefix a23456789012345\n}\n" + vrrptest.Instance("A", "use_vmac\n", four), "a23456789012.51 a23456789011.51"},
		{"use_ipvlan", vrrptest.Instance("A", "use_ipvlan ipv51\n", four), "eth0"},
		{"use_vmac_addr", vrrptest.Instance("A", "use_vmac_addr\n", four), "eth0"},
		{"use_vmac_addr and another interface", vrrptest.Instance("A", "use_vmac_addr\n", four+" dev eth1"), "vrrp.51 vrrp1.51 vrrp2.51"},
		{"use_vmac_addr and vmac_addr_prefix", "global_defs {\n\tvmac_prefix dns\n\tvmac_addr_prefix dnsa\n}\n" + vrrptest.Instance("A", "use_vmac_addr\n", four+" dev eth1"), "dnsa.51 dnsa1.51 dnsa2.51"},
		{"use_vmac behind the address", vrrptest.Instance("A", "", four+" dev eth1 use_vmac"), "vrrp.51 vrrp1.51 vrrp2.51"},
		{"use_vmac behind the address, without an interface", vrrptest.Instance("A", "", four+" use_vmac"), "eth0"},
		{"no interface", strings.Replace(vrrptest.Instance("A", "", four), "\tinterface eth0\n", "", 1), ""},
		{"no interface but its own", strings.Replace(vrrptest.Instance("A", "", four+" dev eth1"), "\tinterface eth0\n", "", 1), "eth1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if all := Configured(parse(t, tt.conf)).Instances[0].Addresses; len(all) > 0 {
				got = strings.Join(all[0].Interfaces, " ")
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// TestExcluded: an address of the other family, which only virtual_ipaddress_excluded may have, is not on the VMAC.
func TestExcluded(t *testing.T) {
	text := "vrrp_instance A {\n\tinterface eth0\n\tvirtual_router_id 51\n\tuse_vmac\n%s\tvirtual_ipaddress {\n\t\t192.0.2.1/32\n\t}\n\tvirtual_ipaddress_excluded {\n\t\t2001:db8::1/128\n\t\t192.0.2.2/32\n\t}\n}\n"
	for lines, want := range map[string]string{
		"":                  "[{192.0.2.1 [vrrp.51 vrrp1.51 vrrp2.51]} {2001:db8::1 [eth0]} {192.0.2.2 [vrrp.51 vrrp1.51 vrrp2.51]}]",
		"\tuse_vmac_addr\n": "[{192.0.2.1 [vrrp.51 vrrp1.51 vrrp2.51]} {2001:db8::1 [vrrp.51 vrrp6.51 vrrp1.51 vrrp2.51]} {192.0.2.2 [vrrp.51 vrrp1.51 vrrp2.51]}]",
	} {
		if got := fmt.Sprint(Configured(parse(t, fmt.Sprintf(text, lines))).Instances[0].Addresses); got != want {
			t.Errorf("%q: %s\nwant %s", lines, got, want)
		}
	}
	native := Configured(parse(t, "vrrp_instance A {\n\tinterface eth0\n\tvirtual_router_id 51\n\tuse_vmac v\n\tnative_ipv6\n\tvirtual_ipaddress_excluded {\n\t\t2001:db8::1/128\n\t\t192.0.2.2/32\n\t}\n}\n"))
	if got := fmt.Sprint(native.Instances[0].Addresses); got != "[{2001:db8::1 [v]} {192.0.2.2 [eth0]}]" {
		t.Error(got)
	}
}

// TestConfigured: groups and their instances, and the scripts that pass no name.
func TestConfigured(t *testing.T) {
	script := func(event, command string) string { return "\t" + event + " \"" + command + "\"\n" }
	c := Configured(parse(t,
		vrrptest.Instance("A", script("notify_master", "/h master")+script("notify_backup", "/h backup A")+script("notify", "/h"), "192.0.2.1/32", "192.0.2.1/32", "192.0.2.2/32")+
			vrrptest.Instance("B", script("notify_master", "/h MASTER")+script("notify_stop", "/h"), "192.0.2.3/32")+
			"vrrp_sync_group G {\n\tgroup {\n\t\tA\n\t\tB\n\t}\n"+script("notify_fault", "/h x fault")+"}\n"))
	got := fmt.Sprint(c.Instances, c.Groups, c.Nameless)
	want := "[{A [{192.0.2.1 [eth0]} {192.0.2.2 [eth0]}]} {B [{192.0.2.3 [eth0]}]}] [{G [A B]}] map[fault:[group G] master:[instance A instance B]]"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if len(c.Stamps) != 0 || c.File != "" {
		t.Errorf("which files it was read from is the caller's to say: %+v", c)
	}
}

// TestStates decides by what keepalived.conf has what state each is in.
func TestStates(t *testing.T) {
	for _, row := range vrrptest.Rows() {
		t.Run(row.Name, func(t *testing.T) {
			d := notify.Document{Configured: Configured(parse(t, row.Conf))}
			for _, e := range row.Said() {
				d.Add(e)
			}
			settled := d.Settled(nil, row.Held(), time.Unix(9, 0))
			d.Settle(row.Held(), time.Unix(9, 0))
			if got := states(&d); got != row.Want || states(settled) != got {
				t.Errorf("%s, and beside it %s; want %s", got, states(settled), row.Want)
			}
		})
	}
}

// states are those of instances and groups by name.
func states(d *notify.Document) string {
	var all []string
	for _, name := range []string{"A", "B", "G"} {
		for _, r := range d.Records {
			if r.Name == name {
				all = append(all, vrrptest.Line(name, r.State, r.Disagree))
			}
		}
	}
	return strings.Join(all, ", ")
}
