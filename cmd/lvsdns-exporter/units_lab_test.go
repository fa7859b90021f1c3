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

// write writes a file that the other tests of this guest do not see.
func (u *units) write(path, text string) {
	u.t.Helper()
	u.t.Cleanup(func() { _ = os.Remove(path) })
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		u.t.Fatal(err)
	}
}

// install installs a packaged unit, whose log is returned.
func (u *units) install(unit string) (log func() string) {
	u.t.Helper()
	said := u.said(unit)
	u.s.Unit(u.packaged(unit))
	u.s.Override(unit, "[Service]\nStandardError=append:"+said+"\n")
	return func() string {
		text, _ := os.ReadFile(said)
		return string(text)
	}
}

func (u *units) said(unit string) string { return filepath.Join(u.lab.Dir(), unit+".log") }

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

// TestUnitCaptures has the packaged exporter count packets as it is packaged, where the settings leave that to its rights. A unit without
// them shows the rest, and says once why.
func TestUnitCaptures(t *testing.T) {
	u := newUnits(t)
	const unit = "lvsdns-exporter.service"
	u.ipvsadm("-A", "-u", vip+":53", "-s", "rr")
	u.ipvsadm("-a", "-u", vip+":53", "-r", rip+":53", "-m")
	packaged, err := os.ReadFile(u.packaged("exporter.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	u.write("/etc/lvsdns/exporter.yaml", string(packaged))
	log := u.install(unit)
	captures := func(p page) float64 {
		v, _ := p.value("lvsdns_exporter_dns_capture")
		return v
	}
	for _, tt := range []struct{ name, lines, why string }{
		{"without the right", "AmbientCapabilities=\nAmbientCapabilities=CAP_NET_ADMIN\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_NET_ADMIN\n", "CAP_NET_RAW is missing"},
		{"without the sockets", "RestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n", "AF_PACKET is not allowed"},
	} {
		before := len(log())
		u.s.Override(unit, "[Service]\nStandardError=append:"+u.said(unit)+"\n"+tt.lines)
		u.do("systemctl", "start", unit)
		u.asked(tt.name, log, func(p page) bool { return p.up("ipvs") == "up" && captures(p) == 0 })
		u.do("systemctl", "reload", unit)
		u.lab.WaitFor("it has reloaded", time.Minute, func() bool { return strings.Contains(log()[before:], "the settings were read anew") })
		if text := log()[before:]; strings.Count(text, "dns.capture is off") != 1 || !strings.Contains(text, tt.why) || strings.Contains(text, "dns.capture needs") {
			t.Errorf("%s its log does not say once that nothing is captured:\n%s", tt.name, text)
		}
		u.do("systemctl", "stop", unit)
	}
	u.install(unit)
	u.do("systemctl", "start", unit)
	u.asked("questions that were counted", log, func(p page) bool {
		_, _ = u.client.Ask(labtest.Question{Server: vip, Timeout: 5 * time.Second})
		n, counted := p.value("lvsdns_dns_queries_total", "vip="+vip)
		return counted && n >= 1 && captures(p) == 1
	})
	for _, line := range []string{"Uid:\t[1-9]", "CapEff:\t0000000000003000$", "CapBnd:\t0000000000003000$"} {
		u.do("grep", "-q", "-P", "^"+line, "/proc/"+u.s.Show(unit, "MainPID")+"/status")
	}
}

// TestUnitSocket has systemd hold the port: nobody is refused while the exporter is away, and a scrape starts it.
func TestUnitSocket(t *testing.T) {
	u := newUnits(t)
	const unit, socket = "lvsdns-exporter.service", "lvsdns-exporter.socket"
	u.write("/etc/lvsdns/exporter.yaml", "sources: {share: 0s, timeout: 30s}\nweb: {systemd-socket: true}\n")
	log := u.install(unit)
	u.s.Unit(u.packaged(socket))
	u.do("systemctl", "start", socket)
	up := func(p page) bool { return p.up("ipvs") == "up" }
	if state := u.s.Show(unit, "ActiveState"); state != "inactive" {
		t.Errorf("the service is %s before anybody asks", state)
	}
	u.asked("the scrape that starts it", log, up)
	first := u.s.Show(unit, "MainPID")
	u.do("systemctl", "restart", unit)
	u.asked("a scrape after a restart", log, up)
	u.do("systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit)
	if _, err := u.get("/metrics"); err != nil { // the socket is systemd's: it waits there
		t.Errorf("a scrape while it is away: %v\n%s", err, log())
	}
	if now := u.s.Show(unit, "MainPID"); now == first || now == "0" {
		t.Errorf("process %s serves, and %s did", now, first)
	}
	u.do("systemctl", "stop", socket, unit)
	if text, err := u.get("/metrics"); err == nil {
		t.Errorf("without socket and service somebody answers:\n%s", text)
	}
	u.s.Override(unit, "[Service]\nStandardError=append:"+u.said(unit)+"\nRestart=no\n")
	_, _ = u.s.Run("systemctl", "start", unit) // without its socket it cannot
	u.lab.WaitFor("it says what is missing", time.Minute, func() bool {
		return strings.Contains(log(), "systemd has passed no socket: start lvsdns-exporter.socket")
	})
}
