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

// units is a systemd on the director, with what our packages install.
type units struct {
	*rig
	s *labtest.Systemd
}

func newUnits(t *testing.T) *units {
	t.Helper()
	if !labtest.HasSystemd() {
		t.Skip("no systemd is installed here")
	}
	u := &units{rig: newRig(t)}
	u.s = u.director.Systemd()
	u.do("systemd-sysusers", u.packaged("sysusers.d/lvsdns.conf"))
	u.do("systemd-tmpfiles", "--create", u.packaged("tmpfiles.d/lvsdns.conf"))
	return u
}

func (u *units) packaged(name string) string {
	u.t.Helper()
	path, err := filepath.Abs(filepath.Join("../../packaging", name))
	if err != nil {
		u.t.Fatal(err)
	}
	return path
}

func (u *units) do(name string, args ...string) string {
	u.t.Helper()
	out, err := u.s.Run(name, args...)
	if err != nil {
		u.t.Fatalf("%s %v: %v %s\n%s", name, args, err, out, u.s.Log())
	}
	return strings.TrimSpace(out)
}

func (u *units) write(path, text string) {
	u.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		u.t.Fatal(err)
	}
}

// install installs a packaged unit, whose log is returned, with drop-ins.
func (u *units) install(unit string, dropIns ...string) (log func() string) {
	u.t.Helper()
	said := filepath.Join(u.lab.Dir(), unit+".log")
	lines := "[Service]\nStandardError=append:" + said + "\n"
	for _, name := range dropIns {
		text, err := os.ReadFile(u.packaged(name))
		if err != nil {
			u.t.Fatal(err)
		}
		lines += string(text)
	}
	u.s.Unit(u.packaged(unit))
	u.s.Override(unit, lines)
	return func() string {
		text, _ := os.ReadFile(said)
		return string(text)
	}
}

// asked waits for a page as it should be.
func (u *units) asked(what string, log func() string, done func(page) bool) {
	u.t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(500 * time.Millisecond) {
		text, err := u.get("/metrics")
		if err == nil {
			var p page
			if p, err = parsePage(text); err == nil && done(p) {
				return
			}
		}
		if time.Now().After(end) {
			u.t.Fatalf("%s: it does not come: %v\n%s\n%s", what, err, text, log())
		}
	}
}

// TestUnitsShare has all units at once: the exporter, which is not root, reads what the others write, whose unit lets nobody but their
// user read what they make (UMask=0077).
func TestUnitsShare(t *testing.T) {
	u := newUnits(t)
	for _, program := range []string{"lvsdns-notify", "lvsdns-notify-act", "lvsdns-fallback"} {
		u.lab.Install(program, "/usr/bin/"+program)
	}
	u.lab.InstallFile("/usr/bin/lvsdns-check", "#!/bin/sh\nexit 0\n")
	conf := "global_defs {\n\tvrrp_notify_fifo /run/lvsdns/vrrp.fifo\n\tlvs_notify_fifo /run/lvsdns/lvs.fifo\n}\n" + fmt.Sprintf(keepalivedConf, u.device())
	u.write("/etc/keepalived/keepalived.conf", conf)
	u.write("/etc/lvsdns/exporter.yaml", "sources: {share: 0s, timeout: 30s}\n")
	u.write("/etc/lvsdns/fallback.yaml", "standby: true\ninterval: 1s\n")
	log := u.install("lvsdns-exporter.service")
	told := u.install("lvsdns-notify-fifo.service")
	stands := u.install("lvsdns-fallback.service")
	u.s.Unit("/lib/systemd/system/keepalived.service")
	u.do("systemctl", "start", "lvsdns-notify-fifo.service", "lvsdns-exporter.service", "keepalived.service", "lvsdns-fallback.service")
	logs := func() string { return log() + told() + stands() }
	u.asked("the journal and the report", logs, func(p page) bool {
		changes, told := p.value("lvsdns_vrrp_transitions_total", "name=dns", "state=master")
		waits, stands := p.value("lvsdns_fallback_state", "state=waits")
		return told && changes >= 1 && stands && waits == 1
	})
	for _, path := range []string{"/var/lib/lvsdns/notify.journal", "/run/lvsdns/fallback-report.json"} {
		if got := u.do("stat", "--format", "%U %a", path); got != "root 644" {
			t.Errorf("%s is %q", path, got)
		}
	}
	for unit, user := range map[string]string{"lvsdns-exporter": "[1-9]", "lvsdns-notify-fifo": "0", "lvsdns-fallback": "0"} {
		u.do("grep", "-q", "-P", "^Uid:\t"+user, "/proc/"+u.s.Show(unit+".service", "MainPID")+"/status")
	}
	if text := told(); strings.Contains(text, "WARN") {
		t.Errorf("the FIFO service says at its start, where nothing is lacking:\n%s", text)
	}
}

// TestUnitCaptures has the packaged exporter count packets, which takes its drop-in: without it the start names it.
func TestUnitCaptures(t *testing.T) {
	u := newUnits(t)
	const unit = "lvsdns-exporter.service"
	u.ipvsadm("-A", "-u", vip+":53", "-s", "rr")
	u.ipvsadm("-a", "-u", vip+":53", "-r", rip+":53", "-m")
	u.write("/etc/lvsdns/exporter.yaml", "sources: {share: 0s, timeout: 30s}\ndns: {capture: true}\n")
	log := u.install(unit)
	u.do("systemctl", "start", unit)
	u.asked("the page without packets", log, func(p page) bool { return p.up("ipvs") == "up" })
	if text := log(); strings.Count(text, "lvsdns-exporter.service.d/capture.conf") != 1 {
		t.Errorf("its log does not name the drop-in once:\n%s", text)
	}
	u.do("systemctl", "stop", unit)
	u.install(unit, "lvsdns-exporter-capture.conf")
	u.do("systemctl", "start", unit)
	u.asked("questions that were counted", log, func(p page) bool {
		_, _ = u.client.Ask(labtest.Question{Server: vip, Timeout: 5 * time.Second})
		n, counted := p.value("lvsdns_dns_queries_total", "vip="+vip)
		return counted && n >= 1
	})
	for _, line := range []string{"Uid:\t[1-9]", "CapEff:\t0000000000003000$", "CapBnd:\t0000000000003000$"} {
		u.do("grep", "-q", "-P", "^"+line, "/proc/"+u.s.Show(unit, "MainPID")+"/status")
	}
	if text := log(); strings.Count(text, "dns.capture needs") != 1 {
		t.Errorf("with the drop-in the log names it:\n%s", text)
	}
}
