package exporter

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/httpd"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/notify"
)

func TestEndpoints(t *testing.T) {
	r := newRig(t, nil)
	checked(t, r)
	for _, tt := range []struct {
		method, path string
		status       int
		kind, holds  string
	}{
		{"GET", "/metrics", 200, "text/plain; version=0.0.4", "# TYPE lvsdns_build_info gauge"},
		{"GET", "/metrics?collect[]=ipvs&collect%5B%5D=vrrp", 200, "text/plain; version=0.0.4", "# TYPE lvsdns_vrrp_state gauge"},
		{"GET", "/metrics?collect[]=disk", 400, "text/plain", "collect[]=disk: no such source; want one of ipvs, ipvs_stats, sysctl, "},
		{"GET", "/metrics?name[]=lvsdns_vrrp_sate", 400, "text/plain", "name[]=lvsdns_vrrp_sate: no such metric; want a name that stands in /metrics"},
		{"GET", "/metrics?collect=ipvs", 400, "text/plain", "collect: no such parameter; want collect[]=SOURCE or name[]=METRIC"},
		{"GET", "/metrics?exclude[]=ipvs", 400, "text/plain", "exclude[]: no such parameter"},
		{"HEAD", "/metrics", 200, "text/plain; version=0.0.4", ""},
		{"GET", "/-/healthy", 200, "text/plain", "healthy"},
		{"GET", "/-/ready", 200, "text/plain", "ready"},
		{"GET", "/api/v1/state", 200, "application/json", `"service": "udp 192.0.2.1:53"`},
		{"GET", "/", 200, "text/html", "udp 192.0.2.1:53"},
		{"GET", "/", 200, "text/html", "DNS traffic is not counted in packets: dns.capture is false"},
		{"GET", "/?q=%3Cscript%3E", 200, "text/html", `value="&lt;script&gt;"`},
		{"GET", "/?q=198.51.100.2", 200, "text/html", "1 found"},
		{"GET", "/favicon.ico", 404, "text/plain", ""},
		{"GET", "/metrics/x", 404, "text/plain", ""},
		{"POST", "/metrics", 405, "text/plain", ""},
		{"DELETE", "/api/v1/state", 405, "text/plain", ""},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			r.Handler().ServeHTTP(recorder, httptest.NewRequest(tt.method, tt.path, nil))
			if recorder.Code != tt.status || !strings.HasPrefix(recorder.Header().Get("Content-Type"), tt.kind) || !strings.Contains(recorder.Body.String(), tt.holds) {
				t.Errorf("%d %s: %.300s", recorder.Code, recorder.Header().Get("Content-Type"), recorder.Body)
			}
		})
	}
}

// TestCaptureShown: whether packets are counted is a metric and stands in the state and on the page, with the reason where rights decide.
func TestCaptureShown(t *testing.T) {
	for _, tt := range []struct {
		name         string
		change       func(*Config)
		metric, json string
		page         string
	}{
		{"off", nil, "0", `"dns_capture": {"on": false}`, "not counted in packets: dns.capture is false"},
		{"refused", func(c *Config) { c.NoTraffic = "CAP_NET_RAW is missing" }, "0", `"dns_capture": {"on": false,"why": "CAP_NET_RAW is missing"}`, "not counted in packets: CAP_NET_RAW is missing"},
		{"on", func(c *Config) { c.Traffic = &fakeTraffic{} }, "1", `"dns_capture": {"on": true}`, "DNS traffic is counted in the packets"},
	} {
		r := newRig(t, tt.change)
		for path, want := range map[string]string{"/metrics": "\nlvsdns_exporter_dns_capture " + tt.metric + "\n", "/api/v1/state": tt.json, "/": tt.page} {
			recorder := httptest.NewRecorder()
			r.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", path, nil))
			text := recorder.Body.String()
			if path == "/api/v1/state" {
				text = regexp.MustCompile(`\n\s*`).ReplaceAllString(text, "")
			}
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s lacks %q", tt.name, path, want)
			}
		}
	}
}

// TestSelection reads parts of /metrics: what is there, and which sources were read for it.
func TestSelection(t *testing.T) {
	for _, tt := range []struct{ query, metrics, sources string }{
		{"collect[]=checks", "lvsdns_build_info lvsdns_check_success process_open_fds", "checks"},
		{"collect[]=vrrp&collect[]=ipvs", "lvsdns_build_info lvsdns_ipvs_real_server_weight lvsdns_vrrp_state process_open_fds", "ipvs vrrp"},
		{"name[]=lvsdns_ipvs_real_server_weight", "lvsdns_ipvs_real_server_weight", ""},
		{"name[]=lvsdns_vrrp_state&name[]=process_open_fds", "lvsdns_vrrp_state process_open_fds", ""},
		{"collect[]=checks&name[]=lvsdns_vrrp_state", "", ""},
		{"collect[]=drift", "lvsdns_build_info process_open_fds", "drift"},
		{"collect[]=notify&name[]=lvsdns_notify_real_server_up&name[]=lvsdns_source_up", "lvsdns_notify_real_server_up", "notify"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			r := newRig(t, nil)
			checked(t, r)
			recorder := httptest.NewRecorder()
			r.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics?"+tt.query, nil))
			page := recorder.Body.String()
			var metrics, sources []string
			for _, name := range []string{"lvsdns_build_info", "lvsdns_check_success", "lvsdns_ipvs_real_server_weight", "lvsdns_notify_real_server_up", "lvsdns_vrrp_state", "process_open_fds"} {
				if strings.Contains(page, "\n# TYPE "+name+" ") {
					metrics = append(metrics, name)
				}
			}
			for _, m := range regexp.MustCompile(`(?m)^lvsdns_source_up\{source="(.*?)"\}`).FindAllStringSubmatch(page, -1) {
				sources = append(sources, m[1])
			}
			if slices.Sort(sources); strings.Join(metrics, " ") != tt.metrics || strings.Join(sources, " ") != tt.sources {
				t.Errorf("%q and sources %q, want %q and %q", metrics, sources, tt.metrics, tt.sources)
			}
			if strings.Contains(tt.query, "notify") && !strings.Contains(page, `fwmark="7",family="ipv6",rip="2001:db8::2"`) {
				t.Errorf("the journal alone has no families of marks:\n%s", page)
			}
		})
	}
}

func TestState(t *testing.T) {
	r := newRig(t, nil)
	checked(t, r)
	recorder := httptest.NewRecorder()
	r.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/api/v1/state", nil))
	var got State
	decoder := json.NewDecoder(recorder.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.VirtualServers) != 5 || len(got.VirtualServers[0].RealServers) != 3 || got.VirtualServers[0].RealServers[2].Overloaded != true {
		t.Errorf("virtual servers: %+v", got.VirtualServers)
	}
	if got.VirtualServers[0].Missing != 2 {
		t.Errorf("%d connections lead to a missing server, want 2", got.VirtualServers[0].Missing)
	}
	if len(got.Checks) != 3 || len(got.Drift) != 4 || !strings.HasSuffix(got.Drift[0].Place, "keepalived.conf:25") {
		t.Errorf("checks %+v, drift %+v", got.Checks, got.Drift)
	}
	// The address on the loopback interface is a real server's, not a master's.
	if len(got.VRRP) != 4 || got.VRRP[0].State != notify.Partial || got.VRRP[1].State != notify.Fault || got.VRRP[1].Transitions["fault"] != 1 || got.VRRP[2].State != notify.Partial {
		t.Errorf("VRRP %+v", got.VRRP)
	}
}

// TestPage has everything that comes from outside try to break out.
func TestPage(t *testing.T) {
	r := newRig(t, nil)
	const evil = `</td><script>alert(1)</script>"'&`
	r.kernel.table.Entries[0].Service.Scheduler = evil
	r.say(t, `{"server":"198.51.100.1:53","name":"<b>x</b>","type":"SOA","transport":"udp","path":"rip","outcome":"mismatch","reason":`+string(must(json.Marshal(evil)))+`,"duration_seconds":0}`)
	r.kernel.restErr = io.ErrUnexpectedEOF
	recorder := httptest.NewRecorder()
	r.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	page := recorder.Body.String()
	for _, bad := range []string{"<script", "<b>x", "ZgotmplZ", "<no value>", "<1>"} {
		if strings.Contains(page, bad) {
			t.Errorf("%s is on the page", bad)
		}
	}
	for _, good := range []string{"&lt;script&gt;", "no script &lt;1&gt;", "unexpected EOF", "udp 192.0.2.1:53", "2001:db8::2", "overloaded", "mismatch", "every 10 s", "2 connections lead to a real server that was removed", "lb1.example.com", "keepalived 2.2.7",
		"<title>2 virtual servers without a usable real server · lb1.example.com · lvsdns</title>"} {
		if !strings.Contains(page, good) {
			t.Errorf("%s is not on the page", good)
		}
	}
	if policy := recorder.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
}

func TestPageOfNothing(t *testing.T) {
	r := newRig(t, nil)
	r.kernel.table = ipvs.Table{}
	recorder := httptest.NewRecorder()
	r.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	if recorder.Code != 200 || !strings.Contains(recorder.Body.String(), "None.") || !strings.Contains(recorder.Body.String(), "No check has reported yet.") {
		t.Errorf("%d: %s", recorder.Code, recorder.Body)
	}
}

// TestPageOfUnread: what could not be read is not said to be empty.
func TestPageOfUnread(t *testing.T) {
	r := newRig(t, nil)
	r.kernel.err = ipvs.ErrAbsent
	r.checks.SetListening(time.Time{}, errors.Join(io.ErrUnexpectedEOF, io.ErrClosedPipe))
	recorder := httptest.NewRecorder()
	r.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	for _, want := range []string{"Not known: IPVS could not be read.", "Not known: nobody listens to them.", "unexpected EOF; io: read/write on closed pipe", "3 sources could not be read"} {
		if !strings.Contains(recorder.Body.String(), want) {
			t.Errorf("%s is not on the page", want)
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// server serves the rig's exporter.
func (r *rig) server(l net.Listener, webConfig string) *httpd.Server {
	served := new(Served)
	served.Use(r.Exporter)
	return served.Server([]net.Listener{l}, webConfig, slog.New(slog.DiscardHandler))
}

// TestServe starts and ends it, with a request under way when it is told to end.
func TestServe(t *testing.T) {
	r := newRig(t, nil)
	r.kernel.hang = make(chan struct{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.server(l, "").Serve(ctx) }()
	status := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + l.Addr().String() + "/metrics")
		if err != nil {
			status <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		if !strings.Contains(string(body), "lvsdns_ipvs_real_server_weight{") {
			status <- "no real servers"
			return
		}
		status <- response.Status
	}()
	for r.kernel.asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	for !r.ending.Load() {
		time.Sleep(time.Millisecond)
	}
	recorder := httptest.NewRecorder()
	r.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/-/ready", nil))
	if recorder.Code != 503 {
		t.Errorf("ready while it ends: %d", recorder.Code)
	}
	close(r.kernel.hang)
	if got := <-status; got != "200 OK" {
		t.Errorf("the request under way: %s", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still listening")
	}
}

func TestServeWithPassword(t *testing.T) {
	r := newRig(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// The password is "secret"; the cost of bcrypt is low to make the test quick.
	file := filepath.Join(t.TempDir(), "web.yaml")
	os.WriteFile(file, []byte("basic_auth_users:\n  prometheus: "+bcrypted+"\n"), 0o600)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	server := r.server(l, file)
	go func() { ended <- server.Serve(ctx) }()
	for _, tt := range []struct {
		user, password string
		want           int
	}{{"", "", 401}, {"prometheus", "wrong", 401}, {"prometheus", "secret", 200}} {
		request, _ := http.NewRequest("GET", "http://"+l.Addr().String()+"/-/healthy", nil)
		if tt.user != "" {
			request.SetBasicAuth(tt.user, tt.password)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != tt.want {
			t.Errorf("%s/%s: %s", tt.user, tt.password, response.Status)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServeBadWebConfig(t *testing.T) {
	r := newRig(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file := filepath.Join(t.TempDir(), "web.yaml")
	os.WriteFile(file, []byte("basic_auth: {}\n"), 0o600)
	server := r.server(l, file)
	if err := server.Serve(t.Context()); err == nil {
		t.Error("a file with an unknown key was taken")
	}
}

// bcrypted is "secret".
const bcrypted = "$2a$04$SwZBURgHC1bsnhqpjGRn2Os1cDDmc0F1Bsl0d58dISmmwaj6h/poK"
