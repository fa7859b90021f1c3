package keepalived_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

func TestGlobal(t *testing.T) {
	cfg := load(t, `net_namespace dns
net_namespace other
net_namespace_ipvs
instance one
global_defs {
	router_id R
	notification_email { a@example.com
		b@example.com
	}
	lvs_timeouts tcp 900 tcpfin 30 udp 20
	lvs_sync_daemon eth1 inst VI_1 id 7 maxlen 1000 port 8849 ttl 2 group 224.0.0.81
	lvs_flush_on_stop
	nftables_ipvs
	nftables_ipvs_priority -5
	script_user lvs staff
	enable_script_security
	lvs_notify_fifo /run/lvs.fifo root
	lvs_notify_fifo_script "/usr/bin/reader -x"
	vrrp_notify_fifo /run/vrrp.fifo
	startup_script "/bin/up now"
	smtp_alert off
	reload_check_config /tmp/log
	tmp_config_directory /run/ka
	state_dump_file /run/ka/
	data_use_instance
	include_check read nonsense +match +match -match
	lvs_sync_daemon eth2
}
`)
	g := cfg.Global
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"namespace", g.NetNamespace.V, "dns"},
		{"namespace of IPVS", g.NetNamespaceIPVS.IsSet() && g.NetNamespaceIPVS.V == "", true},
		{"instance", g.Instance.V, "one"},
		{"timeouts", g.Timeouts.V, keepalived.Timeouts{TCP: 900 * time.Second, TCPFin: 30 * time.Second, UDP: 20 * time.Second}},
		{
			"sync daemon", g.SyncDaemon.V,
			keepalived.SyncDaemon{
				Interface: "eth1", Instance: "VI_1", ID: 7, HasID: true, MaxLen: 1000, Port: 8849, TTL: 2,
				Group: netip.MustParseAddr("224.0.0.81"),
			},
		},
		{"flush on stop", g.FlushOnStop.V, keepalived.FlushAll},
		{"nftables", g.NFTables.V, keepalived.NFTables{Table: "keepalived_ipvs", Priority: -5}},
		{"first mark", g.NFTStart.V, uint32(1000)},
		{"script user", g.ScriptUser.V + ":" + g.ScriptGroup.V, "lvs:staff"},
		{"script security", g.ScriptSecurity.V, true},
		{"LVS FIFO", g.LVSFIFO.V.Path + " " + g.LVSFIFO.V.User + " " + g.LVSFIFO.V.Script.String(), "/run/lvs.fifo root /usr/bin/reader -x"},
		{"VRRP FIFO", g.VRRPFIFO.V.Path, "/run/vrrp.fifo"},
		{"startup script", g.Startup.String(), "/bin/up now"},
		{"smtp alert", g.SMTPAlert.IsSet() && !g.SMTPAlert.V, true},
		{"log of the reload check", g.ReloadCheckLog.V, "/tmp/log"},
		{"state dump", g.StateDump(), "/run/ka/keepalived_check.dns_one.data"},
		{"other statements", statements(g.Other), "router_id R; notification_email {a@example.com; b@example.com}; tmp_config_directory /run/ka"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
	}
	for place, text := range map[string]string{":2": "already", ":26": "nonsense", ":27": "already on eth1"} {
		if !has(cfg, keepalived.Ignored, place, text) {
			t.Errorf("no note at %s: %v", place, cfg.Notes)
		}
	}
}

func statements(list []keepalived.Statement) string {
	var all []string
	for _, s := range list {
		text := strings.Join(s.Words, " ")
		if len(s.Block) > 0 {
			text += " {" + statements(s.Block) + "}"
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

func TestVRRP(t *testing.T) {
	cfg := load(t, `vrrp_script alive {
	script "/bin/check -v"
	interval 2.5
	user nobody
	weight -20
}
vrrp_sync_group G {
	group {
		A
		B
	}
	notify "/bin/group x"
	notify_deleted "/bin/no"
}
vrrp_instance A {
	state MASTER
	interface eth0
	virtual_router_id 51
	priority 150
	version 3
	nopreempt
	virtual_ipaddress {
		192.0.2.1/24 dev eth1 label eth1:1
		192.0.2.2
		2001:db8::1/64
		nowhere
	}
	virtual_ipaddress_excluded {
		2001:db8::2/64
	}
	track_script { alive weight 5 }
	notify_master "/bin/m one" root
	notify_master "/bin/again"
	authentication {
		auth_type PASS
		auth_pass secret
	}
	advert_int 1
}
vrrp_instance A {
	interface eth9
}
vrrp_instance B {
	state SLAVE
	priority 256
}
`)
	if len(cfg.Instances) != 2 || len(cfg.SyncGroups) != 1 || len(cfg.Scripts) != 1 {
		t.Fatalf("%d instances, %d groups, %d scripts", len(cfg.Instances), len(cfg.SyncGroups), len(cfg.Scripts))
	}
	a, b, g, s := cfg.Instances[0], cfg.Instances[1], cfg.SyncGroups[0], cfg.Scripts[0]
	var vips []string
	for _, v := range append(slices.Clone(a.VIPs), a.Excluded...) {
		vips = append(vips, fmt.Sprintf("%d %s %s %s", v.Pos.Line, v.Prefix, v.Dev, strings.Join(v.Other, " ")))
	}
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{
			"instance",
			fmt.Sprint(a.Name, a.State.V, a.Interface.V, a.VRID.V, a.Priority.V, a.Version.V, a.NoPreempt.V),
			"AMASTEReth051 150 3 true",
		},
		{"addresses", strings.Join(vips, "; "), "23 192.0.2.1/24 eth1 label eth1:1; 24 192.0.2.2/32  ; 29 2001:db8::2/64  "},
		{"scripts", fmt.Sprint(len(a.Notify), a.Notify[0].Event, a.Notify[0].Script), "1notify_master/bin/m one"},
		{"track", statements(a.Track), "track_script {alive weight 5}"},
		{"other", statements(a.Other), "authentication {auth_type PASS; auth_pass secret}; advert_int 1"},
		{"second instance", fmt.Sprint(b.Name, b.State.V, b.Priority.V), "BBACKUP100"},
		{"group", fmt.Sprint(g.Name, g.Members[0].V, g.Members[1].V, len(g.Notify), g.Notify[0].Script), "GAB1 /bin/group x"},
		{"script", fmt.Sprint(s.Name, s.Script, s.Script.User, s.Interval.V, statements(s.Other)), "alive/bin/check -vnobody2.5sweight -20"},
	} {
		if strings.ReplaceAll(fmt.Sprint(tt.got), " ", "") != strings.ReplaceAll(fmt.Sprint(tt.want), " ", "") {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
	}
	for _, want := range []struct {
		kind        keepalived.NoteKind
		place, text string
	}{
		{keepalived.Unknown, ":13", "notify_deleted"},
		{keepalived.Ignored, ":25", "family"},
		{keepalived.Ignored, ":26", "nowhere"},
		{keepalived.Ignored, ":33", "notify_master already"},
		{keepalived.Ignored, ":40", "already"},
		{keepalived.Adjusted, ":44", "SLAVE"},
		{keepalived.Adjusted, ":45", "256"},
	} {
		if !has(cfg, want.kind, want.place, want.text) {
			t.Errorf("no %v note at %s about %s:\n%v", want.kind, want.place, want.text, cfg.Notes)
		}
	}
}

// TestDesired asks for the table with some real servers down.
func TestDesired(t *testing.T) {
	cfg := load(t, `virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo rr
	lb_kind DR
	quorum 3
	sorry_server 10.9.9.9 53
	real_server 10.0.0.1 53 { weight 2
	}
	real_server 10.0.0.2 53 { weight 2
		inhibit_on_failure
	}
	real_server 10.0.0.3 53 { alpha
		TCP_CHECK { }
	}
}
`)
	for _, tt := range []struct {
		name string
		down string
		want string
	}{
		{"all up", "", "10.0.0.1=2 10.0.0.2=2 10.0.0.3=1"},
		{"one down", "10.0.0.3", "10.0.0.1=2 10.0.0.2=2"},
		{"the inhibited one down", "10.0.0.2", "10.0.0.1=2 10.0.0.2=0 10.0.0.3=1"},
		{"quorum lost", "10.0.0.1 10.0.0.3", "10.0.0.2=0 10.9.9.9=1"},
		{"all down", "10.0.0.1 10.0.0.2 10.0.0.3", "10.0.0.2=0 10.9.9.9=1"},
	} {
		services := cfg.Desired(func(_ *keepalived.VirtualServer, r *keepalived.RealServer) bool {
			return !strings.Contains(tt.down, r.Addr.String())
		})
		if got := weights(services); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := weights(cfg.Desired(keepalived.AtStart)); got != "10.0.0.1=2 10.0.0.2=2" {
		t.Errorf("at the start: %s", got)
	}
}

func weights(services []keepalived.Service) string {
	var all []string
	for _, s := range services {
		for _, d := range s.Destinations {
			all = append(all, fmt.Sprintf("%s=%d", d.Addr, d.Weight))
		}
	}
	return strings.Join(all, " ")
}
