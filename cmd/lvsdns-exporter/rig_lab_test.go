//go:build lab

package main_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

const (
	vip    = "10.0.0.100"
	vip6   = "fd00:2::100"
	rip    = "192.168.1.21"
	nobody = "192.168.1.77" // on the LAN of the real servers, and not there
)

// rig is a director with a network address translation to one name server, and the exporter on it.
type rig struct {
	t                *testing.T
	lab              *labtest.Lab
	director, client *labtest.Host
	exporter         *labtest.Process
}

func newRig(t *testing.T) *rig {
	lab := labtest.New(t)
	lab.Install("lvsdns-exporter", "/usr/bin/lvsdns-exporter")
	wan := lab.LAN("wan", "10.0.0.0/24", "fd00:2::/64")
	lan := lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64")
	r := &rig{t: t, lab: lab}
	r.director = lab.Director("director", wan.At("10.0.0.1", "fd00:2::1"), lan.At("192.168.1.11", "fd00:1::11")).Hold(vip)
	lab.RealServer("dns1", lan.At(rip, "fd00:1::21")).NAT("192.168.1.11", "fd00:1::11").NameServer(labtest.NSD)
	r.client = lab.Client("client", wan.At("10.0.0.50", "fd00:2::50"))
	return r
}

// start starts the exporter, through a wrapper if there is one.
func (r *rig) start(wrapper ...string) {
	r.t.Helper()
	r.run(wrapper, nil)
}

// startWith starts the exporter with flags.
func (r *rig) startWith(flags ...string) {
	r.t.Helper()
	r.run(nil, flags)
	if slices.Contains(flags, "--dns.capture") {
		r.t.Cleanup(r.covered)
	}
}

// covered holds the packets that were seen against those that IPVS counted: every test that captures ends so.
func (r *rig) covered() {
	r.t.Helper()
	said := "nothing was asked"
	for end := time.Now().Add(10 * time.Second); r.exporter.Running() && time.Now().Before(end); time.Sleep(200 * time.Millisecond) { // its counters move every 2 s
		body, err := r.director.Get(context.Background(), "http://127.0.0.1:9741/metrics") // the test's own context has ended
		if err != nil {
			r.t.Error(err)
			return
		}
		p, err := parsePage(string(body))
		if err != nil {
			r.t.Error(err)
			return
		}
		counted, seen := map[string]float64{}, map[string]float64{}
		for _, s := range p["lvsdns_ipvs_virtual_server_in_packets_total"] {
			counted[at(s.labels["vip"], s.labels["vport"])] += s.value
		}
		for _, s := range p["lvsdns_capture_seen_packets_total"] {
			seen[at(s.labels["vip"], s.labels["vport"])] += s.value
		}
		all := true
		said = ""
		for service, n := range seen {
			said += fmt.Sprintf("%s: %g packets seen, IPVS counts %g. ", service, n, counted[service])
			all = all && math.Abs(n-counted[service]) <= 0.01*counted[service]
		}
		if all && len(seen) > 0 {
			r.t.Log(said)
			return
		}
	}
	r.t.Errorf("the coverage is not within 1 %%: %s", said)
}

// run starts it without sharing, so that every page is a new reading.
func (r *rig) run(wrapper, flags []string) {
	r.t.Helper()
	args := slices.Concat(wrapper, []string{"/usr/bin/lvsdns-exporter", "--web.listen-address", "127.0.0.1:9741", "--sources.share", "0s",
		"--sources.timeout", "30s", "--metrics.per-cpu", "--checks.socket", "/run/check.sock"}, flags)
	r.exporter = r.director.Start(args[0], args[1:]...)
	r.lab.WaitFor("the exporter listens", 20*time.Second, func() bool {
		_, err := r.get("/-/ready")
		return err == nil
	})
}

func (r *rig) get(path string) (string, error) {
	body, err := r.director.Get(r.t.Context(), "http://127.0.0.1:9741"+path)
	return string(body), err
}

// page is /metrics, parsed.
func (r *rig) page() page {
	r.t.Helper()
	text, err := r.get("/metrics")
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.exporter.Log())
	}
	p, err := parsePage(text)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// is reports whether a series has this value now.
func (r *rig) is(name string, want float64, labels ...string) func() bool {
	return func() bool {
		got, ok := r.page().value(name, labels...)
		return ok && got == want
	}
}

// state is what /api/v1/state says, as text.
func (r *rig) state() string {
	r.t.Helper()
	text, err := r.get("/api/v1/state")
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.exporter.Log())
	}
	return text
}

// run1 runs a command on the director and returns what it prints.
func (r *rig) run1(name string, args ...string) string {
	r.t.Helper()
	out, err := r.director.Run(r.t.Context(), name, args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *rig) sysctl(setting string) { r.run1("sysctl", "-qw", setting) }

func (r *rig) ipvsadm(args ...string) string {
	r.t.Helper()
	return r.run1("ipvsadm", args...)
}

// series is one line of the page.
type series struct {
	labels map[string]string
	value  float64
}

// page is all series by name.
type page map[string][]series

func parsePage(text string) (page, error) {
	line := regexp.MustCompile(`^([a-z_:0-9]+)(?:\{(.*)\})? (\S+)$`)
	label := regexp.MustCompile(`([a-z_0-9]+)="((?:[^"\\]|\\.)*)"`)
	p := page{}
	seen := map[string]bool{}
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		if strings.HasPrefix(l, "#") {
			continue
		}
		m := line.FindStringSubmatch(l)
		if m == nil {
			return nil, fmt.Errorf("no series: %q", l)
		}
		if seen[m[1]+m[2]] {
			return nil, fmt.Errorf("twice: %q", l)
		}
		seen[m[1]+m[2]] = true
		s := series{labels: map[string]string{}}
		for _, pair := range label.FindAllStringSubmatch(m[2], -1) {
			s.labels[pair[1]] = pair[2]
		}
		var err error
		if s.value, err = strconv.ParseFloat(m[3], 64); err != nil {
			return nil, err
		}
		p[m[1]] = append(p[m[1]], s)
	}
	return p, nil
}

// value is that of the series with these labels, such as "source=ipvs"; false if there is none.
func (p page) value(name string, labels ...string) (float64, bool) {
	for _, s := range p[name] {
		if s.has(labels) {
			return s.value, true
		}
	}
	return 0, false
}

// has reports whether these, such as "source=ipvs", are among its labels.
func (s series) has(labels []string) bool {
	return !slices.ContainsFunc(labels, func(l string) bool {
		key, value, _ := strings.Cut(l, "=")
		return s.labels[key] != value
	})
}

// up is the reason why a source is not up, or "up".
func (p page) up(source string) string {
	if v, ok := p.value("lvsdns_source_up", "source="+source); ok && v == 1 {
		return "up"
	}
	for _, s := range p["lvsdns_source_failure"] {
		if s.labels["source"] == source && s.value == 1 {
			return s.labels["reason"]
		}
	}
	return "nothing"
}

// service and server name what a series is about as ipvsadm does: "UDP 192.0.2.1:53", "FWM 7 IPv6".
func (s series) service() string {
	l := s.labels
	if l["proto"] == "fwm" {
		if l["family"] == "ipv6" {
			return "FWM " + l["fwmark"] + " IPv6"
		}
		return "FWM " + l["fwmark"]
	}
	return strings.ToUpper(l["proto"]) + " " + at(l["vip"], l["vport"])
}

func (s series) server() string { return s.service() + " -> " + at(s.labels["rip"], s.labels["rport"]) }

func at(addr, port string) string {
	if strings.Contains(addr, ":") {
		addr = "[" + addr + "]"
	}
	return addr + ":" + port
}

// numbers reads a listing of ipvsadm: for each service and server the last n words of its line.
func numbers(listing string, services bool, n int) map[string][]string {
	all := map[string][]string{}
	service := ""
	for line := range strings.Lines(listing) {
		words := strings.Fields(line)
		switch {
		case len(words) < 2 || words[0] == "IP" || words[0] == "Prot" || words[1] == "RemoteAddress:Port":
		case words[0] == "->":
			all[service+" -> "+words[1]] = words[len(words)-n:]
		default:
			service = strings.Join(words[:2], " ")
			if len(words) > 2 && words[2] == "IPv6" {
				service += " IPv6"
			}
			if services {
				all[service] = words[len(words)-n:]
			}
		}
	}
	return all
}

// compare holds a metric against a column of a listing: all of it, in both directions. What is absent from the page is 0 to ipvsadm.
func compare(t *testing.T, p page, metric, what string, name func(series) string, want map[string][]string, column int, only ...string) {
	t.Helper()
	got := map[string]uint64{}
	for _, s := range p[metric] {
		if s.has(only) {
			got[name(s)] = uint64(s.value)
		}
	}
	compared, wrong, nonzero := 0, 0, 0
	for key, words := range want {
		if strings.Contains(key, " -> ") != strings.Contains(metric, "real_server") {
			continue
		}
		n, err := strconv.ParseUint(words[column], 10, 64)
		if err != nil {
			t.Fatalf("%s: %q", key, words)
		}
		compared++
		if n != 0 {
			nonzero++
		}
		if got[key] != n {
			if wrong++; wrong < 4 {
				t.Errorf("%s of %s is %d; %s says %d", metric, key, got[key], what, n)
			}
		}
		delete(got, key)
	}
	for key := range maps.Keys(got) {
		t.Errorf("%s of %s is on the page; %s does not have it", metric, key, what)
		break
	}
	if compared == 0 {
		t.Errorf("%s: nothing to compare with in %s", metric, what)
	}
	t.Logf("%s %v: %d values as in %s, %d of them not 0", metric, only, compared-wrong, what, nonzero)
}
