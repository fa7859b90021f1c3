package exporter

import (
	"compress/gzip"
	"io"
	"maps"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/lvsdns/lvsdns/exporter/internal/checks"
	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// page is /metrics without what others are the masters of.
func (r *rig) page(t *testing.T, accept string) string {
	t.Helper()
	request := httptest.NewRequest("GET", "/metrics", nil)
	request.Header.Set("Accept", accept)
	recorder := httptest.NewRecorder()
	r.Handler().ServeHTTP(recorder, request)
	if recorder.Code != 200 {
		t.Fatalf("status %d: %s", recorder.Code, recorder.Body)
	}
	// The kinds of drift are internal/drift's matter.
	others := regexp.MustCompile(`(?m)^(# (HELP|TYPE|UNIT) )?(go_|process_|lvsdns_drift_differences).*\n`)
	return others.ReplaceAllString(recorder.Body.String(), "")
}

const openMetrics = "application/openmetrics-text; version=1.0.0"

func (r *rig) say(t testing.TB, datagrams ...string) {
	t.Helper()
	for _, d := range datagrams {
		if got := r.checks.Take([]byte(d)); got != checks.Accepted {
			t.Fatalf("%s: %s", d, got)
		}
	}
}

// checked has checks report, and a pass made over the table of flows.
func checked(t testing.TB, r *rig) {
	r.tracker.Pass(t.Context())
	r.say(t,
		`{"server":"198.51.100.1:53","name":"example.com.","type":"SOA","transport":"udp","path":"rip","outcome":"pass","reason":"NOERROR","rcode":"NOERROR","exit_status":0,"duration_seconds":0.004,"latency_seconds":0.003,"weight":40}`,
		`{"server":"198.51.100.1:53","name":"example.com.","type":"SOA","transport":"udp","path":"rip","outcome":"rcode","reason":"SERVFAIL","rcode":"SERVFAIL","exit_status":1,"duration_seconds":0.005,"latency_seconds":0.001,"weight":null}`,
		`{"server":"[2001:db8::3]:53","name":".","type":"NS","transport":"both","path":"rip","outcome":"timeout","reason":"no answer","rcode":null,"exit_status":1,"duration_seconds":2}`,
		`{"server":"","name":"","type":"","transport":"udp","path":"rip","outcome":"usage","reason":"bad flag","rcode":null,"exit_status":1,"duration_seconds":0}`,
	)
}

func TestExposition(t *testing.T) {
	r := newRig(t, nil)
	checked(t, r)
	golden(t, "testdata/full.prom", []byte(r.page(t, "")))
	golden(t, "testdata/full.openmetrics", []byte(r.page(t, openMetrics)))
}

func TestExpositionWithoutCapability(t *testing.T) {
	r := newRig(t, nil)
	r.kernel.err = ipvs.ErrPermission
	golden(t, "testdata/limited.prom", []byte(r.page(t, "")))
}

// TestRegistryAgrees has client_golang read the page and look for what its registry would refuse: the same series
// twice, labels that differ, a value that does not fit the type.
func TestRegistryAgrees(t *testing.T) {
	r := newRig(t, nil)
	checked(t, r)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(r.page(t, "")))
	if err != nil {
		t.Fatal(err)
	}
	check := prometheus.Gatherers{prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return slices.Collect(maps.Values(families)), nil })}
	if _, err = check.Gather(); err != nil {
		t.Error(err)
	}
	if len(families) < 40 {
		t.Errorf("%d families only", len(families))
	}
	for name, f := range families {
		if want := kindOf(name); !strings.EqualFold(f.GetType().String(), want) {
			t.Errorf("%s reads as a %s, and is a %s", name, f.GetType(), want)
		}
	}
}

func kindOf(name string) string {
	for _, d := range New(Config{}).catalogue() {
		if d.Name == name {
			return d.Kind.String()
		}
	}
	return "not in the catalogue"
}

func TestNegotiation(t *testing.T) {
	r := newRig(t, nil)
	for _, tt := range []struct{ accept, want string }{
		{"", "text/plain; version=0.0.4"},
		{"*/*", "text/plain; version=0.0.4"},
		{"text/html", "text/plain; version=0.0.4"},
		{openMetrics, "application/openmetrics-text; version=1.0.0"},
		{"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", "application/openmetrics-text; version=1.0.0"},
		{"application/openmetrics-text;version=0.0.1", "application/openmetrics-text; version=0.0.1"},
		{"text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.5", "text/plain; version=0.0.4"},
		// As Prometheus 3 asks with native histograms: protobuf is not written here.
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3", "application/openmetrics-text; version=1.0.0"},
	} {
		request := httptest.NewRequest("GET", "/metrics", nil)
		request.Header.Set("Accept", tt.accept)
		recorder := httptest.NewRecorder()
		r.Handler().ServeHTTP(recorder, request)
		if got := recorder.Header().Get("Content-Type"); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%q gets %s, want %s", tt.accept, got, tt.want)
		}
		if open := strings.HasSuffix(recorder.Body.String(), "# EOF\n"); open != strings.Contains(tt.want, "openmetrics") {
			t.Errorf("%q: # EOF at the end: %t", tt.accept, open)
		}
	}
}

func TestGzip(t *testing.T) {
	r := newRig(t, nil)
	for accept, want := range map[string]string{"": "", "gzip": "gzip", "deflate, gzip;q=0.5": "gzip", "gzip;q=0": "", "br": ""} {
		request := httptest.NewRequest("GET", "/metrics", nil)
		request.Header.Set("Accept-Encoding", accept)
		recorder := httptest.NewRecorder()
		r.Handler().ServeHTTP(recorder, request)
		body := recorder.Body.String()
		if got := recorder.Header().Get("Content-Encoding"); got != want {
			t.Errorf("%q: encoding %q, want %q", accept, got, want)
		} else if want == "gzip" {
			z, err := gzip.NewReader(recorder.Body)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(z)
			if body = string(b); err != nil {
				t.Error(err)
			}
		}
		if !strings.Contains(body, "\nlvsdns_build_info{") || !strings.Contains(body, "\nprocess_resident_memory_bytes ") {
			t.Errorf("%q: not the page", accept)
		}
	}
}

func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool here: install Debian's prometheus")
	}
	r := newRig(t, nil)
	checked(t, r)
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(r.page(t, ""))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// TestOpenMetricsNames holds what promtool does not look at: no family may have the name of another, nor one that
// is another's with a suffix of its type.
func TestOpenMetricsNames(t *testing.T) {
	r := newRig(t, nil)
	page := r.page(t, openMetrics)
	if !strings.HasSuffix(page, "# EOF\n") {
		t.Error("no # EOF at the end")
	}
	types := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(page, -1) {
		if types[m[1]] != "" {
			t.Errorf("family %s is there twice: %s and %s", m[1], types[m[1]], m[2])
		}
		types[m[1]] = m[2]
	}
	if types["lvsdns_ipvs_virtual_server_connections"] != "counter" {
		t.Errorf("lvsdns_ipvs_virtual_server_connections is a %s", types["lvsdns_ipvs_virtual_server_connections"])
	}
	if got := types["lvsdns_ipvs_real_server_connections"] + " " + types["lvsdns_ipvs_real_server_connections_total"]; got != "gauge unknown" {
		t.Errorf("the two that share a name are %s", got)
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range New(Config{}).catalogue() {
		seen[d.Name] = true
		if !regexp.MustCompile(`^lvsdns_[a-z0-9_]+$`).MatchString(d.Name) {
			t.Errorf("%s: bad name", d.Name)
		}
		if strings.HasSuffix(d.Name, "_total") != (d.Kind.String() == "counter") {
			t.Errorf("%s is a %s", d.Name, d.Kind)
		}
		if d.Help == "" || !strings.HasSuffix(d.Help, ".") {
			t.Errorf("%s: help is no sentence: %q", d.Name, d.Help)
		}
		if slices.Contains(d.Labels, "") || len(slices.Compact(slices.Sorted(slices.Values(d.Labels)))) != len(d.Labels) {
			t.Errorf("%s: labels %q", d.Name, d.Labels)
		}
	}
	// Everything on a full page is in the catalogue.
	r := newRig(t, nil)
	checked(t, r)
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(r.page(t, ""), -1) {
		if !seen[m[1]] {
			t.Errorf("%s is on the page and not in the catalogue", m[1])
		}
	}
}

func TestMetricsDocument(t *testing.T) {
	golden(t, "../docs/metrics.md", New(Config{}).document())
}

func TestServicesOnly(t *testing.T) {
	r := newRig(t, func(c *Config) { c.ServicesOnly = true })
	page := r.page(t, "")
	if strings.Contains(page, "lvsdns_ipvs_real_server_") || !strings.Contains(page, "lvsdns_ipvs_virtual_server_info{") {
		t.Errorf("real servers in spite of it, or no virtual servers:\n%s", page)
	}
}

func TestKeep(t *testing.T) {
	compared := 0
	r := newRig(t, func(c *Config) {
		c.Keep = func(k ipvs.ServiceKey) bool { return k.FWMark == 7 }
		c.compare = func(in drift.Input) []drift.Difference {
			compared = len(in.Kernel.Entries)
			return nil
		}
	})
	page := r.page(t, "")
	if strings.Contains(page, `real_server_weight{vip="192.0.2.1"`) || !strings.Contains(page, `real_server_weight{vip="",vport="",proto="fwm",fwmark="7"`) {
		t.Error("not what was to be kept")
	}
	if want := len(r.kernel.table.Entries); compared != want {
		t.Errorf("drift saw %d virtual servers of %d: what is hidden is not missing", compared, want)
	}
}

// TestLimit lowers the limit from more than enough to one, and looks that nothing is left out by half and that
// what is left out is counted.
func TestLimit(t *testing.T) {
	whole := seriesOfServers(t, newRig(t, func(c *Config) { c.MaxSeries = 0 }))
	for limit := range len(whole) + 30 {
		if limit == 0 {
			continue
		}
		r := newRig(t, func(c *Config) { c.MaxSeries = limit })
		got := seriesOfServers(t, r)
		dropped := value(t, r, "lvsdns_exporter_series_dropped")
		if len(got)+int(dropped) != len(whole) {
			t.Fatalf("limit %d: %d series are there and %g dropped, of %d", limit, len(got), dropped, len(whole))
		}
		servers := map[string]int{}
		for _, s := range got {
			servers[subjectOf(s)]++
		}
		for subject, n := range servers {
			if all := countOf(whole, subject); n != all {
				t.Fatalf("limit %d: %s has %d of its %d series", limit, subject, n, all)
			}
		}
	}
}

func seriesOfServers(t *testing.T, r *rig) (all []string) {
	for line := range strings.Lines(r.page(t, "")) {
		if regexp.MustCompile(`^lvsdns_(ipvs_(virtual|real)_server_|ipvs_connections_orphaned|ipvs_connection_entries|conntrack_tracking)`).MatchString(line) {
			all = append(all, line)
		}
	}
	return all
}

func subjectOf(series string) string {
	kind := series[:len("lvsdns_ipvs_real_server")]
	return kind + regexp.MustCompile(`vip="[^"]*",vport="[^"]*"(,proto="[^"]*",fwmark="[^"]*",family="[^"]*"(,rip="[^"]*",rport="[^"]*")?)?`).FindString(series)
}

func countOf(all []string, subject string) (n int) {
	for _, s := range all {
		if subjectOf(s) == subject {
			n++
		}
	}
	return n
}

// value is that of the first series with this beginning.
func value(t *testing.T, r *rig, beginning string) float64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(beginning) + `.* (\S+)$`).FindStringSubmatch(r.page(t, ""))
	if m == nil {
		t.Fatalf("no series %s", beginning)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
