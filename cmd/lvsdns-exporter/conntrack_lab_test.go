//go:build lab

package main_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// tracking is what the page has to say of one virtual server for UDP after some questions to it.
type tracking struct {
	vip, port          string
	reason             string
	unreplied, replied int
	stale              int
}

// hooks has the director's kernel track connections: without a rule that uses it nothing is.
func (r *rig) hooks() {
	r.t.Helper()
	for _, program := range []string{"iptables-legacy", "ip6tables-legacy"} {
		r.run1(program, "-w", "5", "-A", "FORWARD", "-m", "conntrack", "--ctstate", "INVALID", "-j", "ACCEPT")
	}
}

// startPasses starts the exporter with passes as often as it makes them.
func (r *rig) startPasses(flags ...string) {
	r.t.Helper()
	r.startWith(append(flags, "--conntrack.interval", "5s")...)
}

const asked = 5 // questions, each from a port of its own

// askEach asks each virtual server. Whether there is an answer is not the matter here.
func (r *rig) askEach(list []tracking) {
	r.t.Helper()
	for _, w := range list {
		for range asked {
			_, _ = r.client.Ask(labtest.Question{Server: "[" + w.vip + "]:" + w.port, Timeout: 300 * time.Millisecond})
		}
	}
}

// shows waits until a pass has seen what is wanted, and holds the numbers against conntrack(8).
func (r *rig) shows(what string, list ...tracking) {
	r.t.Helper()
	var p page
	var wrong []string
	defer func() {
		if len(wrong) > 0 {
			r.t.Logf("%s: %s", what, strings.Join(wrong, "; "))
		}
	}()
	r.lab.WaitFor(what+": the page shows it", 60*time.Second, func() bool {
		p = r.page()
		wrong = nil
		for _, w := range list {
			vip, port := "vip="+w.vip, "vport="+w.port
			want := func(metric string, want int, labels ...string) {
				if v, ok := p.value(metric, append(labels, vip, port)...); !ok || v != float64(want) {
					wrong = append(wrong, fmt.Sprintf("%s %s:%s %v is %g (%t), want %d", metric, w.vip, w.port, labels, v, ok, want))
				}
			}
			want("lvsdns_conntrack_tracking", map[string]int{"tracked": 1}[w.reason])
			want("lvsdns_conntrack_tracking_info", 1, "reason="+w.reason)
			want("lvsdns_conntrack_udp_flows", w.unreplied, "state=unreplied")
			want("lvsdns_conntrack_udp_flows", w.replied, "state=replied")
			want("lvsdns_conntrack_udp_flows", 0, "state=assured")
			want("lvsdns_conntrack_udp_stale_flows", w.stale)
		}
		return len(wrong) == 0
	})
	for _, w := range list {
		family := "ipv4"
		if strings.Contains(w.vip, ":") {
			family = "ipv6"
		}
		lines := r.run1("sh", "-c", "conntrack -L -f "+family+" -p udp --orig-dst "+w.vip+" --orig-port-dst "+w.port+" 2>/dev/null || :")
		unreplied := strings.Count(lines, "[UNREPLIED]")
		if n := strings.Count(lines, "\n"); n != w.unreplied+w.replied || unreplied != w.unreplied {
			r.t.Errorf("%s: conntrack has %d flows to %s, %d of them unreplied; want %d and %d\n%s", what, n, w.vip, unreplied, w.unreplied+w.replied, w.unreplied, lines)
		}
	}
	if got := p.up("conntrack"); got != "up" {
		r.t.Errorf("%s: the source is %s\n%s", what, got, r.exporter.Log())
	}
}

// TestConntrackNAT has translated flows, and everything that keeps their numbers from meaning something.
func TestConntrackNAT(t *testing.T) {
	r := newRig(t)
	r.director.Hold(vip6)
	r.director.IPVSAdm(
		"-A -u "+vip+":53 -s rr", "-a -u "+vip+":53 -r "+rip+":53 -m -w 1",
		"-A -u ["+vip6+"]:53 -s rr", "-a -u ["+vip6+"]:53 -r [fd00:1::21]:53 -m -w 1",
		"-A -u "+vip+":5300 -s rr -o", "-a -u "+vip+":5300 -r "+rip+":53 -m -w 1",
	)
	r.sysctl("net.ipv4.vs.conntrack=1")
	r.startPasses()
	all := []tracking{{vip: vip, port: "53"}, {vip: vip6, port: "53"}, {vip: vip, port: "5300"}}
	after := func(reasons ...tracking) []tracking { return reasons }

	r.askEach(all)
	r.shows("no rule uses conntrack", after(
		tracking{vip, "53", "nothing_tracked", 0, 0, 0}, tracking{vip6, "53", "nothing_tracked", 0, 0, 0}, tracking{vip, "5300", "nothing_tracked", 0, 0, 0})...)

	r.sysctl("net.ipv4.vs.conntrack=0")
	r.hooks()
	r.askEach(all)
	r.shows("vs.conntrack is off", after(
		tracking{vip, "53", "vs_conntrack_off", 0, 0, 0}, tracking{vip6, "53", "vs_conntrack_off", 0, 0, 0}, tracking{vip, "5300", "vs_conntrack_off", 0, 0, 0})...)

	// Entries that a test compares must not go meanwhile.
	r.sysctl("net.netfilter.nf_conntrack_udp_timeout=600")
	r.sysctl("net.ipv4.vs.conntrack=1")
	r.askEach(all)
	r.shows("all is well", after(
		tracking{vip, "53", "tracked", 0, asked, 0}, tracking{vip6, "53", "tracked", 0, asked, 0}, tracking{vip, "5300", "one_packet", asked, 0, 0})...)
	p := r.page()
	for metric, path := range map[string]string{
		"lvsdns_conntrack_limit": "nf_conntrack_max", "lvsdns_conntrack_buckets": "nf_conntrack_buckets", "lvsdns_conntrack_expectations_limit": "nf_conntrack_expect_max",
	} {
		want, err := strconv.ParseFloat(strings.TrimSpace(r.run1("cat", "/proc/sys/net/netfilter/"+path)), 64)
		if v, ok := p.value(metric); !ok || err != nil || v != want {
			t.Errorf("%s is %g (%t), the sysctl %g", metric, v, ok, want)
		}
	}
	if v, ok := p.value("lvsdns_conntrack_timeout_seconds", "timeout=udp"); !ok || v != 600 {
		t.Errorf("timeout %g (%t), want 600", v, ok)
	}

	r.ipvsadm("-d", "-u", vip+":53", "-r", rip+":53")
	r.shows("the real server is removed", after(
		tracking{vip, "53", "tracked", 0, asked, asked}, tracking{vip6, "53", "tracked", 0, asked, 0}, tracking{vip, "5300", "one_packet", asked, 0, 0})...)
}

// TestConntrackTooBig has more flows than may be read.
func TestConntrackTooBig(t *testing.T) {
	r := newRig(t)
	r.director.IPVSAdm("-A -u "+vip+":53 -s rr", "-a -u "+vip+":53 -r "+rip+":53 -m -w 1")
	r.sysctl("net.ipv4.vs.conntrack=1")
	r.hooks()
	r.askEach([]tracking{{vip: vip, port: "53"}})
	r.startPasses("--conntrack.max-entries", "3", "--conntrack.wanted-udp-timeout", "10s")
	p := r.page()
	r.lab.WaitFor("a pass is due", 20*time.Second, func() bool {
		p = r.page()
		v, ok := p.value("lvsdns_conntrack_pass_skipped", "reason=too_big")
		return ok && v == 1
	})
	if len(p["lvsdns_conntrack_udp_flows"]) > 0 || len(p["lvsdns_conntrack_pass_age_seconds"]) > 0 || p.up("conntrack") != "up" {
		t.Errorf("numbers of a pass that was not made, or %s", p.up("conntrack"))
	}
	if v, ok := p.value("lvsdns_conntrack_tracking", "vip="+vip); !ok || v != 1 {
		t.Errorf("tracking %g (%t)", v, ok)
	}
	if v, ok := p.value("lvsdns_conntrack_timeout_wanted_seconds", "timeout=udp"); !ok || v != 10 {
		t.Errorf("wanted timeout %g (%t)", v, ok)
	}
}

// TestConntrackBypass has replies that bypass the director: direct routing and tunnels.
func TestConntrackBypass(t *testing.T) {
	for name, method := range map[string]string{"DR": "-g", "TUN": "-i"} {
		t.Run(name, func(t *testing.T) { bypass(t, method) })
	}
}

func bypass(t *testing.T, method string) {
	lab := labtest.New(t)
	lab.Install("lvsdns-exporter", "/usr/bin/lvsdns-exporter")
	lan := lab.LAN("lan", "192.168.1.0/24")
	const vip = "192.168.1.100"
	r := &rig{t: t, lab: lab, director: lab.Director("director", lan.At("192.168.1.11")).Hold(vip)}
	server := lab.RealServer("dns1", lan.At(rip))
	if method == "-g" {
		server.DR(vip)
	} else {
		server.TUN(vip)
	}
	server.NameServer(labtest.NSD)
	r.client = lab.Client("client", lan.At("192.168.1.50"))
	r.director.IPVSAdm("-A -u "+vip+":53 -s rr", "-a -u "+vip+":53 -r "+rip+":53 "+method+" -w 1")
	r.hooks()
	r.sysctl("net.netfilter.nf_conntrack_udp_timeout=600")
	r.startPasses()
	if a, err := r.client.Ask(labtest.Question{Server: vip}); err != nil || a.Rcode != "NOERROR" {
		t.Errorf("%+v %v", a, err)
	}
	want := tracking{vip, "53", "vs_conntrack_off", 0, 0, 0}
	r.askEach([]tracking{want})
	r.shows("vs.conntrack=0", want)
	r.sysctl("net.ipv4.vs.conntrack=1")
	want = tracking{vip, "53", "not_translated", asked, 0, 0}
	r.askEach([]tracking{want})
	r.shows("vs.conntrack=1", want)
	// The flows go on being untranslated: they point to nobody who could be gone.
	r.ipvsadm("-a", "-u", vip+":53", "-r", "192.168.1.77:53", method, "-w", "1")
	r.ipvsadm("-d", "-u", vip+":53", "-r", rip+":53")
	r.shows("real server removed", want)
}
