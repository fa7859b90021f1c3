package truth

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
	"github.com/lvsdns/lvsdns/notify/fifo"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// at writes files below a directory, as if an hour ago, and returns it.
func at(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	then := time.Now().Add(-time.Hour)
	for name := range files {
		for name = filepath.Join(root, name); name != root; name = filepath.Dir(name) {
			if err := os.Chtimes(name, then, then); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

// instance and virtual are parts of a keepalived.conf whose addresses say how it was read.
const (
	instance = "vrrp_instance VI {\n\tinterface eth0\n\tvirtual_router_id 51\n\tvirtual_ipaddress {\n%s\t}\n}\n"
	virtual  = "virtual_server 192.0.2.53 53 {\n\tlb_kind DR\n\tprotocol UDP\n%s\treal_server 192.0.2.21 53 {\n\t}\n}\n"
)

// TestOneReading reads one file for both things that are taken from it: the addresses of instances, and the sorry servers.
func TestOneReading(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	own, _, _ := strings.Cut(host, ".")
	program := func(version string) string { return "Keepalived v" + version + " " }
	plain := fmt.Sprintf(instance, "192.0.2.1\n") + fmt.Sprintf(virtual, "sorry_server 192.0.2.9 53\n")
	for _, tt := range []struct {
		name  string
		as    site.Keepalived
		files map[string]string
		want  string // the addresses; the sorry server, the version
	}{
		{"plain", site.Keepalived{}, map[string]string{"keepalived.conf": plain}, "192.0.2.1; 192.0.2.9:53"},
		{"lines of this host", site.Keepalived{}, map[string]string{
			"keepalived.conf": fmt.Sprintf(instance, "@"+own+" 192.0.2.1\n@"+own+"x 192.0.2.2\n") +
				fmt.Sprintf(virtual, "@"+own+" sorry_server 192.0.2.9 53\n@^"+own+" sorry_server 192.0.2.8 53\n"),
		}, "192.0.2.1; 192.0.2.9:53"},
		{"lines of an id", site.Keepalived{ConfigID: "lb1"}, map[string]string{
			"keepalived.conf": fmt.Sprintf(instance, "@lb1 192.0.2.1\n@lb2 192.0.2.2\n") + fmt.Sprintf(virtual, "@lb2 sorry_server 192.0.2.8 53\n@lb1 sorry_server 192.0.2.9 53\n"),
		}, "192.0.2.1; 192.0.2.9:53"},
		{"included", site.Keepalived{ConfigID: "lb1"}, map[string]string{
			"keepalived.conf": "include conf.d/*.conf\n",
			"conf.d/a.conf":   fmt.Sprintf(instance, "@lb1 192.0.2.1\n"), "conf.d/b.conf": fmt.Sprintf(virtual, "@lb1 sorry_server 192.0.2.9 53\n"),
		}, "192.0.2.1; 192.0.2.9:53"},
		{"by the version that is installed", site.Keepalived{}, map[string]string{
			"usr/sbin/keepalived": program("2.3.4"), "keepalived.conf": plain,
		}, "192.0.2.1; 192.0.2.9:53 2.3.4"},
		{"by the version that runs", site.Keepalived{}, map[string]string{
			"usr/sbin/keepalived": program("2.3.4"), "run/keepalived.pid": "77\n",
			"proc/77/status": "Name:\tkeepalived\nUid:\t0\t0\t0\t0\n", "proc/77/exe": program("2.2.7"), "keepalived.conf": plain,
		}, "192.0.2.1; 192.0.2.9:53 2.2.7"},
		{"by the version that was set", site.Keepalived{Version: "2.2.7"}, map[string]string{
			"usr/sbin/keepalived": program("2.3.4"), "keepalived.conf": plain,
		}, "192.0.2.1; 192.0.2.9:53 2.2.7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := at(t, tt.files)
			k := Source{Keepalived: tt.as, Settings: filepath.Join(root, "notify.yaml")}
			k.Root, k.File = root, "/keepalived.conf"
			c, err := k.Configure(k.File)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range c.Instances[0].Addresses {
				got = append(got, a.Addr.String())
			}
			cfg, err := k.Read()
			if err != nil {
				t.Fatal(err)
			}
			sorry := "none"
			for p := range places(cfg.Config, true) {
				sorry = p.server.String()
			}
			if got := strings.TrimSpace(strings.Join(got, " ") + "; " + sorry + " " + cfg.Version); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if !journal.Fresh(c, k.File) {
				t.Error("what was just read is stale")
			}
		})
	}
}

// TestStale: what says how keepalived.conf is read makes what was read of it stale, as its own changes do.
func TestStale(t *testing.T) {
	for name, change := range map[string]string{
		"notify.yaml": "keepalived: {config-id: lb2}\n", "keepalived.conf": "\n", "conf.d/a.conf": "\n", "conf.d/b.conf": "\n",
		"run/keepalived.pid": "77\n", "usr/sbin/keepalived": "Keepalived v2.4.3 ",
	} {
		root := at(t, map[string]string{
			"keepalived.conf": "include conf.d/*.conf\n", "conf.d/a.conf": fmt.Sprintf(instance, "192.0.2.1\n"),
			"usr/sbin/keepalived": "Keepalived v2.3.4 ", "run/checkers.pid": "78\n",
		})
		k := Source{Keepalived: site.Keepalived{Root: root, File: "/keepalived.conf"}, Settings: filepath.Join(root, "notify.yaml")}
		c, err := k.Configure(k.File)
		if err != nil || !journal.Fresh(c, k.File) {
			t.Fatal(err, c)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(change), 0o644); err != nil {
			t.Fatal(err)
		}
		if journal.Fresh(c, k.File) {
			t.Errorf("%s has changed, and what was read before is fresh", name)
		}
	}
}

// TestAlive says by tables of the kernel what is up.
func TestAlive(t *testing.T) {
	text := `virtual_server 192.0.2.53 53 {
	lb_algo rr
	lb_kind DR
	protocol UDP
	@lab sorry_server 192.0.2.9 53
	real_server 192.0.2.21 53 {
	}
}
virtual_server 192.0.2.54 53 {
	lb_algo rr
	lb_kind NAT
	protocol UDP
	real_server 192.0.2.9 53 {
	}
}
virtual_server fwmark 7 {
	lb_algo rr
	lb_kind DR
	sorry_server 192.0.2.9 0
	real_server 192.0.2.21 0 {
	}
}
virtual_server fwmark 7 {
	ip_family inet6
	lb_algo rr
	lb_kind DR
	real_server 2001:db8::21 0 {
	}
}
`
	cfg, err := keepalived.Load("k", keepalived.Options{FS: os.DirFS(at(t, map[string]string{"k": text})), ConfigID: "lab"})
	if err != nil {
		t.Fatal(err)
	}
	first, second := ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.53:53")), ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.54:53"))
	entry := func(k ipvs.ServiceKey, servers ...string) ipvs.TableEntry {
		e := ipvs.TableEntry{Service: ipvs.Service{ServiceKey: k}}
		for _, s := range servers {
			server, weight, _ := strings.Cut(s, "=")
			d := ipvs.Destination{DestinationKey: ipvs.To(netip.MustParseAddrPort(server)), Weight: 1}
			if weight == "0" {
				d.Weight = 0
			}
			e.Destinations = append(e.Destinations, d)
		}
		return e
	}
	for _, tt := range []struct {
		line  string
		table []ipvs.TableEntry
		want  string // up, known
	}{
		{"VS [192.0.2.53]:udp:53 UP", []ipvs.TableEntry{entry(first, "192.0.2.21:53")}, "true true"},
		{"VS [192.0.2.53]:udp:53 UP", []ipvs.TableEntry{entry(first)}, "false true"},
		{"VS [192.0.2.53]:udp:53 UP", nil, "false true"},
		{"VS [192.0.2.53]:udp:53 UP", []ipvs.TableEntry{entry(first, "192.0.2.21:53=0", "192.0.2.9:53")}, "false true"},
		{"RS [192.0.2.9]:udp:53 [192.0.2.53]:udp:53 UP", []ipvs.TableEntry{entry(first, "192.0.2.9:53")}, "false true"},
		// The same server is a real one elsewhere.
		{"VS [192.0.2.54]:udp:53 UP", []ipvs.TableEntry{entry(first, "192.0.2.9:53"), entry(second, "192.0.2.9:53")}, "true true"},
		{"RS [192.0.2.9]:udp:53 [192.0.2.54]:udp:53 UP", []ipvs.TableEntry{entry(second, "192.0.2.9:53")}, "true true"},
		{"VS FWM 7 UP", []ipvs.TableEntry{entry(ipvs.Mark(ipvs.IPv4, 7), "192.0.2.9:0"), entry(ipvs.Mark(ipvs.IPv6, 7), "[2001:db8::21]:0")}, "false true"},
		{"VS FWM 7 UP", []ipvs.TableEntry{entry(ipvs.Mark(ipvs.IPv4, 7), "192.0.2.21:0"), entry(ipvs.Mark(ipvs.IPv6, 7))}, "false true"},
		{"VS FWM 7 UP", []ipvs.TableEntry{entry(ipvs.Mark(ipvs.IPv4, 7), "192.0.2.21:0"), entry(ipvs.Mark(ipvs.IPv6, 7), "[2001:db8::21]:0")}, "true true"},
		{"RS [2001:db8::21]:none:0 FWM 7 DOWN", []ipvs.TableEntry{entry(ipvs.Mark(ipvs.IPv6, 7), "[2001:db8::21]:0")}, "true true"},
		{"VS [group]:53 UP", nil, "false false"},
	} {
		line, err := fifo.ParseLine(tt.line)
		if err != nil {
			t.Fatal(err)
		}
		up, known := alive(ipvs.Table{Entries: tt.table}, cfg)(line.LVS.Server)
		if got := fmt.Sprint(up, " ", known); got != tt.want {
			t.Errorf("%s with %v: %s, want %s", tt.line, tt.table, got, tt.want)
		}
	}
}
