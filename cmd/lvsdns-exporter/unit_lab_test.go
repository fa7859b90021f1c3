//go:build lab

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

const (
	exporterUnit = "lvsdns-exporter.service"
	scriptUser   = "keepalived_script"
)

// TestUnit runs the packaged unit under a real systemd, beside keepalived as its package's unit does: the exporter is not root, reads IPVS,
// hears of keepalived's script user by the path that checks know, reloads, and comes again when it is killed or hangs.
func TestUnit(t *testing.T) {
	if !labtest.HasSystemd() {
		t.Skip("no systemd is installed here")
	}
	r := newRig(t)
	r.lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	write := func(path, text string) {
		t.Helper()
		t.Cleanup(func() { _ = os.Remove(path) }) // the other tests of this guest have a host without it
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	settings := func(detail string) {
		t.Helper()
		write("/etc/lvsdns/exporter.yaml", "metrics: {detail: "+detail+"}\nsources: {share: 0s, timeout: 30s}\n")
	}
	settings("backend")
	conf := fmt.Sprintf(keepalivedConf, r.device())
	conf = "global_defs {\n\tscript_user " + scriptUser + "\n\tenable_script_security\n}\n" + strings.Replace(conf, "--exporter-socket /run/check.sock ", "", 1)
	write("/etc/keepalived/keepalived.conf", conf)

	s := r.director.Systemd()
	do := func(name string, args ...string) {
		t.Helper()
		if out, err := s.Run(name, args...); err != nil {
			t.Fatalf("%s %v: %v %s\n%s", name, args, err, out, s.Log())
		}
	}
	if _, err := s.Run("id", scriptUser); err != nil {
		do("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", scriptUser)
	}
	packaged := func(name string) string {
		t.Helper()
		path, err := filepath.Abs(filepath.Join("../../packaging", name))
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	do("systemd-sysusers", packaged("sysusers.d/lvsdns.conf"))
	do("systemd-tmpfiles", "--create", packaged("tmpfiles.d/lvsdns.conf"))
	s.Unit(packaged(exporterUnit))
	s.Unit("/lib/systemd/system/keepalived.service")
	said := filepath.Join(r.lab.Dir(), "exporter.log")
	s.Override(exporterUnit, "[Service]\nWatchdogSec=5\nStandardError=append:"+said+"\n")
	log := func() string {
		text, _ := os.ReadFile(said)
		return string(text)
	}
	do("systemctl", "start", exporterUnit)
	do("systemctl", "start", "keepalived.service")
	asked := func(what string, done func(page) bool) {
		t.Helper()
		for end := time.Now().Add(2 * time.Minute); ; time.Sleep(500 * time.Millisecond) {
			text, err := r.get("/metrics")
			if err == nil {
				var p page
				if p, err = parsePage(text); err == nil && done(p) {
					return
				}
			}
			if time.Now().After(end) {
				t.Fatalf("%s: it does not come: %v\n%s\n%s", what, err, text, log())
			}
		}
	}
	fine := func(p page) bool {
		servers, checked := p.value("lvsdns_ipvs_real_server_weight", "rip="+rip)
		success, heard := p.value("lvsdns_check_success", "server="+rip+":53")
		return checked && servers == 3 && heard && success == 1
	}
	asked("the server and its check", fine)
	asked("each source is read", func(p page) bool {
		for _, source := range []string{"ipvs", "keepalived", "vrrp", "checks", "conntrack"} {
			if p.up(source) != "up" {
				return false
			}
		}
		return true
	})

	// It is not root, has two capabilities, and cannot write.
	pid := s.Show(exporterUnit, "MainPID")
	for _, line := range []string{"Uid:\t[1-9]", "CapEff:\t0000000000003000$", "CapBnd:\t0000000000003000$", "NoNewPrivs:\t1"} {
		do("grep", "-q", "-P", "^"+line, "/proc/"+pid+"/status")
	}
	for path, want := range map[string]string{"/run/lvsdns": "root 755", "/run/lvsdns/exporter": "lvsdns-exporter 755", "/run/lvsdns/exporter/check.sock": "lvsdns-exporter 666"} {
		if out, err := s.Run("stat", "--format", "%U %a", path); err != nil || strings.TrimSpace(out) != want {
			t.Errorf("%s is %q, want %q: %v", path, out, want, err)
		}
	}
	do("test", "-L", "/run/lvsdns/check.sock")

	settings("service")
	do("systemctl", "reload", exporterUnit)
	asked("the new settings", func(p page) bool {
		return len(p["lvsdns_ipvs_virtual_server_info"]) > 0 && len(p["lvsdns_ipvs_real_server_weight"]) == 0
	})
	settings("backend")
	do("systemctl", "reload", exporterUnit)
	if now := s.Show(exporterUnit, "MainPID"); now != pid {
		t.Errorf("a reload has made process %s of %s", now, pid)
	}

	for _, signal := range []string{"KILL", "STOP"} { // a crash, and a hang that the watchdog sees
		before := s.Show(exporterUnit, "NRestarts")
		do("systemctl", "kill", "--kill-whom=main", "--signal="+signal, exporterUnit)
		r.lab.WaitFor("it comes again after SIG"+signal, 2*time.Minute, func() bool {
			return s.Show(exporterUnit, "NRestarts") != before && s.Show(exporterUnit, "ActiveState") == "active"
		})
		asked("all of it again after SIG"+signal, fine)
	}
	do("test", "-L", "/run/lvsdns/check.sock")

	// One that root starts by hand makes its socket where the link leads, and leaves it free for the unit.
	do("systemctl", "stop", exporterUnit)
	hand := r.director.Start("nsenter", "-t", fmt.Sprint(s.Namespace()), "-m", "-p", "/usr/bin/lvsdns-exporter", "--web.listen-address", "127.0.0.1:9741")
	asked("a check that reports to root's", func(p page) bool {
		success, heard := p.value("lvsdns_check_success", "server="+rip+":53")
		return heard && success == 1
	})
	do("test", "-L", "/run/lvsdns/check.sock")
	hand.Kill()
	do("systemctl", "start", exporterUnit)
	asked("the unit's again", fine)
}
