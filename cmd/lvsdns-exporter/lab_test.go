//go:build lab

package main_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

const (
	labServices = 300
	labServers  = 3000
)

// load gives the director a random table, and services that traffic runs through.
func (r *rig) load(seed uint64, services, servers int) {
	r.t.Helper()
	r.director.IPVSAdm(append(randomRules(seed, services, servers),
		"-A -u "+vip+":53 -s rr", "-a -u "+vip+":53 -r "+rip+":53 -m -w 1",
		"-A -t "+vip+":53 -s rr -p 300", "-a -t "+vip+":53 -r "+rip+":53 -m -w 1 -x 1000 -y 500",
		"-A -u "+vip+":5300 -s rr -o", "-a -u "+vip+":5300 -r "+rip+":53 -m -w 1",
		"-A -u "+vip+":5301 -s rr", "-a -u "+vip+":5301 -r "+nobody+":5301 -g -w 1",
	)...)
}

func (r *rig) traffic() {
	for _, q := range []labtest.Question{
		{Server: vip}, {Server: vip}, {Server: vip, TCP: true}, {Server: vip, TCP: true}, {Server: vip + ":5300", Timeout: 100 * time.Millisecond}, {Server: vip + ":5301", Timeout: 100 * time.Millisecond},
	} {
		// Nobody is at :5301, and with one-packet scheduling the kernel does not translate replies back.
		if _, err := r.client.Ask(q); err != nil && !strings.HasPrefix(q.Server, vip+":530") {
			r.t.Errorf("%+v: %v", q, err)
		}
	}
}

// TestEveryValue holds every value on the page against ipvsadm.
func TestEveryValue(t *testing.T) {
	r := newRig(t)
	r.load(1, labServices, labServers)
	r.ipvsadm("--set", "901", "121", "301")
	r.traffic()
	r.start()

	// The counters move when the kernel's estimator runs, and connections end: wait until nothing did.
	var p page
	var stats, connections string
	r.lab.WaitFor("a page between two equal listings", 90*time.Second, func() bool {
		stats, connections = r.ipvsadm("-Ln", "--stats", "--exact"), r.ipvsadm("-Ln", "--exact")
		p = r.page()
		return stats == r.ipvsadm("-Ln", "--stats", "--exact") && connections == r.ipvsadm("-Ln", "--exact")
	})

	t.Run("stats", func(t *testing.T) {
		want := numbers(stats, true, 5)
		// With direct routing and tunnels the kernel counts nothing but the director's own ICMP errors as replies.
		bypassed := map[string]bool{}
		for _, s := range p["lvsdns_ipvs_real_server_info"] {
			bypassed[s.server()] = s.labels["forward_method"] != "masq"
		}
		for i, name := range []string{"connections", "in_packets", "out_packets", "in_bytes", "out_bytes"} {
			compare(t, p, "lvsdns_ipvs_virtual_server_"+name+"_total", "-Ln --stats --exact", series.service, want, i)
			known := maps.Clone(want)
			if strings.HasPrefix(name, "out_") {
				maps.DeleteFunc(known, func(server string, _ []string) bool { return bypassed[server] })
			}
			compare(t, p, "lvsdns_ipvs_real_server_"+name+"_total", "-Ln --stats --exact", series.server, known, i)
		}
		if v, ok := p.value("lvsdns_ipvs_real_server_out_packets_total", "rip="+rip, "proto=udp", "vport=53"); !ok || v == 0 {
			t.Errorf("replies through the director: %g, %t", v, ok)
		}
		if v, ok := p.value("lvsdns_ipvs_real_server_out_packets_total", "rip="+nobody); ok {
			t.Errorf("replies of a server with direct routing: %g, and nobody can know them", v)
		}
		if v, ok := p.value("lvsdns_ipvs_real_server_in_packets_total", "rip="+nobody); !ok || v == 0 {
			t.Errorf("packets to a server with direct routing: %g, %t", v, ok)
		}
	})
	t.Run("weights and connections", func(t *testing.T) {
		want := numbers(connections, false, 3)
		compare(t, p, "lvsdns_ipvs_real_server_weight", "-Ln --exact", series.server, want, 0)
		compare(t, p, "lvsdns_ipvs_real_server_connections", "-Ln --exact", series.server, want, 1, "state=active")
		compare(t, p, "lvsdns_ipvs_real_server_connections", "-Ln --exact", series.server, want, 2, "state=inactive")
	})
	t.Run("thresholds", func(t *testing.T) {
		want := numbers(r.ipvsadm("-Ln", "--thresholds"), false, 4)
		compare(t, p, "lvsdns_ipvs_real_server_upper_threshold", "-Ln --thresholds", series.server, want, 0)
		compare(t, p, "lvsdns_ipvs_real_server_lower_threshold", "-Ln --thresholds", series.server, want, 1)
	})
	t.Run("persistent connections", func(t *testing.T) {
		want := numbers(r.ipvsadm("-Ln", "--persistent-conn"), false, 4)
		compare(t, p, "lvsdns_ipvs_real_server_connections", "-Ln --persistent-conn", series.server, want, 1, "state=persistent")
	})
	t.Run("settings", func(t *testing.T) {
		var want []string
		for line := range strings.Lines(r.ipvsadm("-Sn")) {
			want = append(want, strings.TrimSpace(strings.ReplaceAll(line, " -pe ", " --pe ")))
		}
		got := rulesOf(p)
		slices.Sort(got)
		slices.Sort(want)
		if len(got) != len(want) {
			t.Errorf("%d rules on the page, %d in ipvsadm -Sn", len(got), len(want))
		}
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("the page says %q, ipvsadm -Sn %q", got[i], want[i])
			}
		}
		t.Logf("%d rules as in ipvsadm -Sn", len(got))
	})
	t.Run("timeouts", func(t *testing.T) {
		var v [3]float64
		for i, name := range []string{"tcp", "tcp_fin", "udp"} {
			v[i], _ = p.value("lvsdns_ipvs_timeout_seconds", "timeout="+name)
		}
		if got, want := fmt.Sprintf("Timeout (tcp tcpfin udp): %g %g %g", v[0], v[1], v[2]), strings.TrimSpace(r.ipvsadm("-L", "--timeout")); got != want {
			t.Errorf("%s; ipvsadm says %s", got, want)
		}
	})
	t.Run("totals", func(t *testing.T) {
		// The processors' counters are those of this moment, all others those of the last estimation, two seconds ago
		// at most: a late packet is in the former first.
		var differences []string
		for range 10 {
			if differences = totals(p); len(differences) == 0 {
				return
			}
			time.Sleep(500 * time.Millisecond)
			p = r.page()
		}
		t.Error(strings.Join(differences, "\n"))
	})
	t.Run("sysctls", func(t *testing.T) {
		for _, s := range p["lvsdns_ipvs_sysctl"] {
			name, word := s.labels["name"], 0
			if name == "sync_period" {
				name, word = "sync_threshold", 1
			}
			out, err := r.director.Run(t.Context(), "cat", "/proc/sys/net/ipv4/vs/"+name)
			if err != nil || strings.Fields(out)[word] != strconv.FormatFloat(s.value, 'f', -1, 64) {
				t.Errorf("%s is %g; /proc/sys says %q, %v", s.labels["name"], s.value, out, err)
			}
		}
	})
}

// totals says where the sum of the virtual servers is neither the total nor what the processors have.
func totals(p page) (differences []string) {
	for _, name := range []string{"connections", "in_packets", "out_packets", "in_bytes", "out_bytes"} {
		sum, processors := 0.0, 0.0
		for _, s := range p["lvsdns_ipvs_virtual_server_"+name+"_total"] {
			sum += s.value
		}
		for _, s := range p["lvsdns_ipvs_cpu_"+name+"_total"] {
			processors += s.value
		}
		if v, _ := p.value("lvsdns_ipvs_" + name + "_total"); v != sum || v == 0 || v != processors {
			differences = append(differences, fmt.Sprintf("%s: %g in all, the virtual servers have %g, the processors %g", name, v, sum, processors))
		}
	}
	return differences
}

// TestSyncDaemons has none, one and two of them. The kernel runs none while a tunnel leads to the other family, so the
// random table is no place for it.
func TestSyncDaemons(t *testing.T) {
	r := newRig(t)
	r.start()
	for _, args := range []string{"", "--start-daemon master --mcast-interface lan --syncid 5", "--start-daemon backup --mcast-interface lan --syncid 6 --sync-maxlen 1000 --mcast-group 224.0.0.90 --mcast-port 9000 --mcast-ttl 2"} {
		if args != "" {
			r.ipvsadm(strings.Fields(strings.ReplaceAll(args, " lan ", " "+r.device()+" "))...)
		}
		p := r.page()
		var got []string
		for _, s := range p["lvsdns_ipvs_sync_daemon_info"] {
			l := s.labels
			got = append(got, fmt.Sprintf("%s sync daemon (mcast=%s, syncid=%s, maxlen=%s, group=%s, port=%s, ttl=%s)\n", l["role"], l["interface"], l["sync_id"], l["max_length"], l["group"], l["port"], l["ttl"]))
		}
		if want := r.ipvsadm("-L", "--daemon"); strings.Join(got, "") != want {
			t.Errorf("the page says %q, ipvsadm %q", got, want)
		}
		for _, role := range []string{"master", "backup"} {
			v, ok := p.value("lvsdns_ipvs_sync_daemon_running", "role="+role)
			if want := strings.Contains(strings.Join(got, ""), role); !ok || (v == 1) != want {
				t.Errorf("%s runs: %g, want %t", role, v, want)
			}
		}
	}
}

// device is the name of the director's interface to the real servers.
func (r *rig) device() string {
	r.t.Helper()
	out, err := r.director.Run(r.t.Context(), "sh", "-c", "ip -o -4 address show to 192.168.1.11 | awk '{print $2}'")
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// TestModule has ip_vs come and go under the running exporter.
func TestModule(t *testing.T) {
	r := newRig(t)
	r.start()
	loaded := func() bool {
		out, err := r.director.Run(t.Context(), "cat", "/proc/modules")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(out, "\nip_vs ") || strings.HasPrefix(out, "ip_vs ")
	}
	want := func(when, ipvs string, servers bool) {
		t.Helper()
		p := r.page()
		if got := p.up("ipvs"); got != ipvs {
			t.Errorf("%s: ipvs is %s, want %s\n%s", when, got, ipvs, r.exporter.Log())
		}
		if got := p.up("ipvs_stats"); got != ipvs {
			t.Errorf("%s: ipvs_stats is %s, want %s", when, got, ipvs)
		}
		if got := len(p["lvsdns_ipvs_real_server_weight"]) > 0; got != servers {
			t.Errorf("%s: real servers are there: %t", when, got)
		}
		if _, ok := p.value("lvsdns_build_info"); !ok {
			t.Errorf("%s: not a whole page", when)
		}
	}
	r.load(2, 10, 30)
	want("loaded at the start", "up", true)
	for round := range 2 {
		r.ipvsadm("-C")
		r.unload()
		want("unloaded", "absent", false)
		if loaded() {
			t.Fatal("looking at it has loaded ip_vs")
		}
		if _, err := r.director.Run(t.Context(), "modprobe", "ip_vs"); err != nil {
			t.Fatal(err)
		}
		want("loaded again", "up", false)
		r.load(uint64(3+round), 10, 30)
		want("loaded again, with a table", "up", true)
	}
}

// unload takes ip_vs and all that needs it out of the kernel.
func (r *rig) unload() {
	r.t.Helper()
	r.lab.WaitFor("ip_vs is unloaded", 30*time.Second, func() bool {
		_, err := r.director.Run(r.t.Context(), "sh", "-c",
			`rmmod $(sed -n 's/^ip_vs [0-9]* [0-9]* \([^ ]*\) .*/\1/p' /proc/modules | tr , ' ') ip_vs`)
		return err == nil
	})
}

// TestWithoutCapability runs it as nobody: less is shown, and what is shown is right.
func TestWithoutCapability(t *testing.T) {
	r := newRig(t)
	r.load(5, 30, 200)
	r.start("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
	p := r.page()
	if got := p.up("ipvs"); got != "permission" {
		t.Errorf("ipvs is %s, want permission", got)
	}
	if !strings.Contains(r.exporter.Log(), "CAP_NET_ADMIN is missing") {
		t.Errorf("the log does not say what is missing:\n%s", r.exporter.Log())
	}
	if len(p["lvsdns_ipvs_real_server_in_packets_total"])+len(p["lvsdns_ipvs_timeout_seconds"]) > 0 {
		t.Error("there are numbers that nobody can have read")
	}
	for _, source := range []string{"ipvs_stats", "sysctl"} {
		if got := p.up(source); got != "up" {
			t.Errorf("%s is %s", source, got)
		}
	}
	// Marks without a family in /proc/net/ip_vs may fall together: addresses only.
	want := numbers(r.ipvsadm("-Ln", "--exact"), false, 3)
	for key := range want {
		if strings.HasPrefix(key, "FWM") {
			delete(want, key)
		}
	}
	p["lvsdns_ipvs_real_server_weight"] = slices.DeleteFunc(p["lvsdns_ipvs_real_server_weight"], func(s series) bool { return s.labels["proto"] == "fwm" })
	compare(t, p, "lvsdns_ipvs_real_server_weight", "-Ln --exact", series.server, want, 0)
	if state, err := r.get("/api/v1/state"); err != nil || !strings.Contains(state, `"limited": true`) {
		t.Errorf("the state does not say that it is limited: %v", err)
	}
}

// TestEnd looks that SIGTERM ends it well, and that its socket goes with it.
func TestEnd(t *testing.T) {
	r := newRig(t)
	r.start()
	if out, err := r.director.Run(t.Context(), "test", "-S", "/run/check.sock"); err != nil {
		t.Errorf("no socket: %v %s", err, out)
	}
	r.exporter.Stop()
	if out, err := r.director.Run(t.Context(), "test", "!", "-e", "/run/check.sock"); err != nil {
		t.Errorf("the socket is left behind: %v %s", err, out)
	}
}
