package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// reloaded is a program that is sent SIGHUP.
type reloaded struct {
	*testing.T
	file, address string
	hangup        chan struct{}
	log           *logged
	said          int // bytes of the log that were read
}

func startReloaded(t *testing.T, text string) *reloaded {
	r := &reloaded{T: t, file: filepath.Join(t.TempDir(), "exporter.yaml"), hangup: make(chan struct{}, 1), log: &logged{address: make(chan string, 1)}}
	r.write(text)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, r.hangup, []string{"--config", r.file, "--web.listen-address=127.0.0.1:0", "--log.format=json"}, io.Discard, r.log)
	}()
	t.Cleanup(func() {
		cancel()
		if status := <-ended; status != 0 {
			t.Errorf("exit status %d:\n%s", status, r.log)
		}
	})
	select {
	case r.address = <-r.log.address:
	case status := <-ended:
		ended <- status
		t.Fatalf("it ends by itself:\n%s", r.log)
	}
	return r
}

func (r *reloaded) write(text string) {
	r.Helper()
	if err := os.WriteFile(r.file, []byte(text), 0o644); err != nil {
		r.Fatal(err)
	}
}

// reload sends the signal and returns what the program says until it says the last word about it.
func (r *reloaded) reload(text string) string {
	r.Helper()
	r.write(text)
	r.hangup <- struct{}{}
	for range 3000 {
		if said := r.log.String()[r.said:]; strings.Contains(said, "the settings were read anew") || strings.Contains(said, "the settings stay as they were") {
			r.said += len(said)
			return said
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.Fatalf("nothing is said of the reload:\n%s", r.log)
	return ""
}

func (r *reloaded) page(path string) string {
	r.Helper()
	status, body := get(r.T, http.DefaultClient, "http://"+r.address+path)
	if status != http.StatusOK {
		r.Fatalf("%s: %d %s", path, status, body)
	}
	return body
}

// TestReload changes sources, paths and the form of what is shown; mistakes; and what takes a restart. What checks have reported stays.
func TestReload(t *testing.T) {
	root := tree(t, map[string]string{
		"one.conf": "vrrp_instance ONE {\n\tinterface lo\n\tvirtual_router_id 1\n\tvirtual_ipaddress {\n\t\t127.0.0.1\n\t}\n}\n",
		"two.conf": "vrrp_instance TWO {\n\tinterface lo\n\tvirtual_router_id 2\n\tvirtual_ipaddress {\n\t\t127.0.0.1\n\t}\n}\n",
	})
	socket := filepath.Join(t.TempDir(), "s")
	conf := func(name, rest string) string {
		return fmt.Sprintf("checks: {socket: %s}\nsources: {share: 0s, root: %s}\nkeepalived: {version: 2.2.7, config-file: /%s}\n%s", socket, root, name, rest)
	}
	r := startReloaded(t, conf("one.conf", ""))
	has := func(when, text string, want bool) {
		t.Helper()
		if page := r.page("/metrics"); strings.Contains(page, text) != want {
			t.Errorf("%s: %s is there: %t, want %t\n%s", when, text, !want, want, r.log)
		}
	}
	report := func() {
		t.Helper()
		for n := 0; ; n++ {
			conn, err := net.Dial("unixgram", socket)
			if err == nil {
				_, err = conn.Write([]byte(`{"server":"192.0.2.1:53","name":".","type":"SOA","transport":"udp","path":"rip","outcome":"pass","rcode":"NOERROR"}`))
				conn.Close()
			}
			if err == nil {
				return
			}
			if n > 500 {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	report()
	has("at the start", `name="ONE"`, true)
	has("at the start", "lvsdns_exporter_series_limit 250000", true)

	if said := r.reload(conf("two.conf", "metrics: {max-series: 7777}\nnotify: {state-dir: \"\"}\nconnections: {interval: 0s}\n")); strings.Contains(said, "restart") {
		t.Errorf("nothing takes a restart: %s", said)
	}
	has("another keepalived.conf", `name="TWO"`, true)
	if n := strings.Count(r.log.String(), "\"source is down\",\"source\":\"ipvs\""); n != 1 {
		t.Errorf("that there is no IPVS is said %d times:\n%s", n, r.log)
	}
	has("another keepalived.conf", `name="ONE"`, false)
	has("another limit", "lvsdns_exporter_series_limit 7777", true)
	has("no journal", `lvsdns_source_up{source="notify"}`, false)
	has("no passes", `lvsdns_source_up{source="connections"}`, false)
	has("what checks reported", `lvsdns_check_runs_total{server="192.0.2.1:53",name=".",type="SOA",transport="udp",path="rip",outcome="pass",rcode="NOERROR"} 1`, true)

	said := r.reload("metric: {}\nsources: {share: 2}\n")
	if !strings.Contains(said, "the settings stay as they were") || strings.Count(said, "\n") != 1 || !strings.Contains(said, "did you mean metrics?") || !strings.Contains(said, "sources.share: want a duration") {
		t.Errorf("want one line with all that is wrong:\n%s", said)
	}
	has("a file with mistakes", `name="TWO"`, true)
	said = r.reload(conf("one.conf", "web: {config.file: /nonexistent/web.yaml}\n"))
	if !strings.Contains(said, "the settings stay as they were") || !strings.Contains(said, "/nonexistent/web.yaml") {
		t.Errorf("a web.config.file that is not there:\n%s", said)
	}
	has("a web.config.file that is not there", `name="TWO"`, true)
	said = r.reload(strings.Replace(conf("one.conf", ""), "checks: {", "checks: {users: [nagios], ", 1))
	if !strings.Contains(said, "the settings stay as they were") || !strings.Contains(said, "checks.users: ") {
		t.Errorf("a user that is not there:\n%s", said)
	}
	said = r.reload(strings.Replace(conf("two.conf", ""), "checks: {", "checks: {users: [997], ", 1))
	if strings.Contains(said, "restart") || !strings.Contains(said, "read anew") {
		t.Errorf("another user:\n%s", said)
	}

	said = r.reload(strings.Replace(conf("one.conf", "dns: {dnstap: /run/x, ring-size: 99}\nlog: {level: debug}\n"), socket, socket+"2", 1))
	if !strings.Contains(said, "checks.socket, dns.ring-size, dns.dnstap") {
		t.Errorf("what takes a restart is not said:\n%s", said)
	}
	has("beside what takes a restart", `name="ONE"`, true)
	report()
	for n := 0; !strings.Contains(r.page("/metrics"), `outcome="pass",rcode="NOERROR"} 2`); n++ {
		if n > 500 {
			t.Fatalf("the socket of the checks is not the same: %s", r.page("/metrics"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}
