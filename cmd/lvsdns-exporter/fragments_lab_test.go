//go:build lab

package main_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// answerSize is that of the answer for big.example.com TXT at the name server of bigServer.
const answerSize = 4096

// bigServer starts a second name server on the real server, at port 5353, that answers with exactly so many bytes over UDP.
func (r *rig) bigServer(server *labtest.Host, listen ...string) {
	r.t.Helper()
	dir := filepath.Join(r.lab.Dir(), "big")
	if err := os.Mkdir(dir, 0o755); err != nil {
		r.t.Fatal(err)
	}
	// A header of 12 bytes, the question of 21, the record without its data 12, OPT 11 (RFC 1035, 6891).
	var txt strings.Builder
	for room := answerSize - 12 - 21 - 12 - 11; room > 0; {
		n := min(room-1, 255)
		fmt.Fprintf(&txt, " %q", strings.Repeat("x", n))
		room -= n + 1
	}
	zone := "$TTL 300\n@ IN SOA ns1 hostmaster 1 3600 900 604800 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\nbig IN TXT" + txt.String() + "\n"
	conf := "server:\n username: \"\"\n chroot: \"\"\n database: \"\"\n zonesdir: " + dir + "\n pidfile: " + dir + "/pid\n xfrdfile: " + dir + "/xfrd\n zonelistfile: " + dir + "/zones\n" +
		" server-count: 1\n rrl-ratelimit: 0\n rrl-size: 1\n xfrd-tcp-max: 1\n xfrd-tcp-pipeline: 1\n minimal-responses: yes\n ipv4-edns-size: 4096\n ipv6-edns-size: 4096\n"
	for _, addr := range listen {
		conf += " ip-address: " + addr + "@5353\n"
	}
	conf += "remote-control:\n control-enable: no\nzone:\n name: example.com\n zonefile: zone\n"
	for name, text := range map[string]string{"zone": zone, "nsd.conf": conf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	server.Start("nsd", "-d", "-c", dir+"/nsd.conf")
}

// askBig asks once, over UDP with room for all of it, and returns the size of the answer; 0 if there was none.
func (r *rig) askBig(server string) (size int) {
	r.t.Helper()
	out, _ := r.client.Run(r.t.Context(), "dig", "@"+server, "big.example.com", "TXT", "+notcp", "+ignore", "+bufsize=4096", "+nocookie", "+tries=1", "+time=1")
	if _, after, found := strings.Cut(out, "MSG SIZE  rcvd: "); found {
		_, _ = fmt.Sscan(after, &size)
	}
	return size
}

// fragmentation is the events of one family on the page of an exporter.
func fragmentation(p page, family string) map[string]float64 {
	all := map[string]float64{}
	for _, s := range p["lvsdns_ip_fragmentation_total"] {
		if s.labels["family"] == family {
			all[s.labels["event"]] = s.value
		}
	}
	return all
}

// moved is by how much events went on.
func moved(before, after map[string]float64) map[string]float64 {
	all := map[string]float64{}
	for event, v := range after {
		if v != before[event] {
			all[event] = v - before[event]
		}
	}
	return all
}

// TestFragments sends an answer of 4,096 bytes over Ethernet, through a director that translates addresses. There are two exporters:
// one on the director, and one on the client, whose kernel has no IPVS.
func TestFragments(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-exporter", "/usr/bin/lvsdns-exporter")
	wan, lan := lab.LAN("wan", "10.0.0.0/24", "fd00:2::/64"), lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64")
	r := &rig{t: t, lab: lab}
	r.director = lab.Director("director", wan.At("10.0.0.1", "fd00:2::1"), lan.At("192.168.1.11", "fd00:1::11")).Hold(vip, vip6)
	server := lab.RealServer("dns1", lan.At(rip, "fd00:1::21")).NAT("192.168.1.11", "fd00:1::11")
	r.bigServer(server, rip, "fd00:1::21")
	r.client = lab.Client("client", wan.At("10.0.0.50", "fd00:2::50"))
	for _, pair := range [][2]string{{vip, rip}, {vip6, "fd00:1::21"}} {
		service := net.JoinHostPort(pair[0], "53")
		r.director.IPVSAdm("-A -u "+service+" -s rr", "-a -u "+service+" -r "+net.JoinHostPort(pair[1], "5353")+" -m -w 1")
	}
	for _, h := range []*labtest.Host{r.director, r.client} {
		// How long a fragment waits for the others; 30 s and 60 s by default.
		if _, err := h.Run(t.Context(), "sh", "-c", "for f in ipv4/ipfrag_time ipv6/ip6frag_time netfilter/nf_conntrack_frag6_timeout; do [ ! -e /proc/sys/net/$f ] || echo 1 > /proc/sys/net/$f; done"); err != nil {
			t.Fatal(err)
		}
	}
	r.start()
	client := &rig{t: t, lab: lab, director: r.client, client: r.client}
	client.startWith("--checks.socket", "")

	for _, family := range []struct {
		name, vip string
		second    []string // the second fragment, in the words of tc-u32(8)
		fragments float64
		// What one answer moves on the director, and one whose second fragment is lost; nil: nothing.
		whole, lost map[string]float64
	}{
		{
			name: "ipv4", vip: vip, fragments: 3, second: []string{"protocol", "ip", "u32", "match", "u16", "0x00b9", "0x1fff", "at", "6"}, // offset 1480
			whole: map[string]float64{"reassembly_required": 3, "reassembly_ok": 1, "fragmentation_ok": 1, "fragment_created": 3},
			lost:  map[string]float64{"reassembly_required": 2, "reassembly_failed": 1, "reassembly_timeout": 1},
		},
		{
			// NSD keeps to IPv6's smallest MTU, 1280.
			name: "ipv6", vip: vip6, fragments: 4, second: []string{"protocol", "ipv6", "u32", "match", "u8", "44", "0xff", "at", "6", "match", "u16", "0x04d0", "0xfff8", "at", "42"}, // offset 1232
			// A virtual server of IPv6 has netfilter put fragments together (nf_defrag_ipv6), and that counts failures only.
			whole: map[string]float64{"fragmentation_ok": 1, "fragment_created": 4},
			lost:  map[string]float64{"reassembly_failed": 1, "reassembly_timeout": 1},
		},
	} {
		lab.WaitFor("the large answer", 20*time.Second, func() bool { return r.askBig(family.vip) == answerSize })
		step := func(when string, answer int, director, own map[string]float64) {
			t.Helper()
			before, beforeOwn := fragmentation(r.page(), family.name), fragmentation(client.page(), family.name)
			if size := r.askBig(family.vip); size != answer {
				t.Errorf("%s, %s: an answer of %d bytes, want %d", family.name, when, size, answer)
			}
			var got, gotOwn map[string]float64
			failing := func(m map[string]float64) float64 { return m["reassembly_failed"] }
			lab.WaitFor("fragments have waited in vain", 30*time.Second, func() bool {
				got, gotOwn = moved(before, fragmentation(r.page(), family.name)), moved(beforeOwn, fragmentation(client.page(), family.name))
				return failing(got) >= failing(director) && failing(gotOwn) >= failing(own)
			})
			t.Logf("%s, %s: the director counts %v, the client %v", family.name, when, got, gotOwn)
			for _, c := range []struct {
				who       string
				got, want map[string]float64
			}{{"director", got, director}, {"client", gotOwn, own}} {
				if fmt.Sprint(c.got) != fmt.Sprint(c.want) {
					t.Errorf("%s, %s: the %s counts %v, want %v", family.name, when, c.who, c.got, c.want)
				}
			}
		}
		whole := map[string]float64{"reassembly_required": family.fragments, "reassembly_ok": 1}
		lost := map[string]float64{"reassembly_required": family.fragments - 1, "reassembly_failed": 1, "reassembly_timeout": 1}
		step("whole", answerSize, family.whole, whole)
		remove := drop(t, r.client, "eth0", family.second)
		step("the second fragment is lost on its way to the client", 0, family.whole, lost)
		remove()
		remove = drop(t, r.director, "eth1", family.second)
		step("the second fragment is lost on its way to the director", 0, family.lost, map[string]float64{})
		remove()
		step("whole again", answerSize, family.whole, whole)
	}
}

// drop makes an interface drop what matches, before anything else in the kernel sees it, until the returned function is called.
func drop(t *testing.T, h *labtest.Host, device string, match []string) (remove func()) {
	t.Helper()
	tc := func(args ...string) {
		t.Helper()
		if _, err := h.Run(t.Context(), "tc", args...); err != nil {
			t.Fatal(err)
		}
	}
	tc("qdisc", "add", "dev", device, "ingress")
	tc(append(append([]string{"filter", "add", "dev", device, "parent", "ffff:"}, match...), "action", "drop")...)
	return func() { tc("qdisc", "del", "dev", device, "ingress") }
}
