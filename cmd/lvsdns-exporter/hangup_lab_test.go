//go:build lab

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHangup sends SIGHUP to an exporter that is asked for its pages all the time: it reads its settings anew, and no page fails.
func TestHangup(t *testing.T) {
	r := newRig(t)
	r.director.IPVSAdm("-A -u "+vip+":53 -s rr", "-a -u "+vip+":53 -r "+rip+":53 -m -w 1")
	file := filepath.Join(r.lab.Dir(), "exporter.yaml")
	settings := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	settings("metrics: {detail: backend}\n")
	r.run(nil, []string{"--config", file})
	// asked waits until pages are as they should be; each must be there, and tell of the kernel's table.
	asked := func(what string, servers bool) {
		t.Helper()
		r.lab.WaitFor(what, 60*time.Second, func() bool {
			text, err := r.get("/metrics")
			if err != nil || !strings.Contains(text, `lvsdns_source_up{source="ipvs"} 1`) || !strings.Contains(text, "lvsdns_ipvs_virtual_server_info{") {
				t.Fatalf("a page that lacks something: %v\n%s", err, r.exporter.Log())
			}
			return strings.Contains(text, "lvsdns_ipvs_real_server_weight{") == servers
		})
	}
	asked("real servers are shown", true)
	for _, detail := range []string{"service", "backend", "service"} {
		settings("metrics: {detail: " + detail + "}\nsources: {timeout: 20s}\n")
		r.exporter.Signal(syscall.SIGHUP)
		asked("detail is "+detail, detail == "backend")
	}
	settings("metrics: {detail: everything}\n")
	r.exporter.Signal(syscall.SIGHUP)
	r.lab.WaitFor("the mistake is said", 60*time.Second, func() bool {
		asked("detail is still service", false)
		return strings.Contains(r.exporter.Log(), "the settings stay as they were") && strings.Contains(r.exporter.Log(), "metrics.detail: want service or backend")
	})
}
