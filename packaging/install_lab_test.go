//go:build lab

package packaging_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestInstall takes a director with a stock keepalived from nothing to lvsdns and back: apt install, two lines of keepalived.conf, a
// reload; then a purge, which says what becomes of the checks, and leaves nothing.
func TestInstall(t *testing.T) {
	d := newDirector(t)
	users := d.must("getent", "passwd")
	groups := d.must("getent", "group")

	d.must("apt-get", "install", "-y", built(t, "deb"))
	d.unit(exporter, "enabled active")
	d.unit(fallback, "disabled inactive")
	d.unit(fifo, "disabled inactive")
	for _, program := range []string{"exporter", "fallback", "notify"} {
		d.must("/usr/bin/lvsdns-"+program, "check-config")
	}
	if said := d.must("systemd-analyze", "verify", "--man=no", exporter, fallback, fifo); said != "" {
		t.Errorf("systemd-analyze verify: %s", said)
	}

	// The checker decides.
	d.check()
	d.serve("with lvsdns-check", healthy)
	for _, source := range []string{"ipvs", "keepalived", "checks", "drift"} {
		d.shows("lvsdns_source_up", `source="`+source+`"`, "1")
	}
	d.shows("lvsdns_ipvs_real_server_weight", `rip="`+healthy+`"`, "1")
	d.shows("lvsdns_check_success", `server="`+healthy+`:53"`, "1")
	d.shows("lvsdns_check_success", `server="`+broken+`:53"`, "0")

	// What is said before the program goes, and that it is true: the check that cannot be run lets the broken server in.
	said := d.must("dpkg", "--purge", "lvsdns")
	want := "lvsdns: " + conf + ":14 (and 1 more) still runs lvsdns-check. keepalived counts a check that it cannot run as passed, " +
		"so dead name servers get clients. Change the file and reload keepalived."
	if !strings.Contains(said, want) {
		t.Errorf("the purge does not say %q but\n%s", want, said)
	}
	d.serve("without the program", healthy, broken)

	if now := d.must("getent", "passwd"); now != users {
		t.Errorf("users after the purge:\n%s", now)
	}
	if now := d.must("getent", "group"); now != groups {
		t.Errorf("groups after the purge:\n%s", now)
	}
	if left := d.left(); left != "" {
		t.Errorf("the purge leaves\n%s", left)
	}
	if status, err := d.Run("dpkg-query", "--show", "lvsdns"); err == nil {
		t.Errorf("dpkg still knows %s", status)
	}
	// Without the package it is as it was.
	d.write(conf, before)
	d.must("systemctl", "reload", "keepalived.service")
	d.serve("as before", healthy, broken)
}

// TestExampleOfKeepalived has keepalived read what the package gives as its example.
func TestExampleOfKeepalived(t *testing.T) {
	lab := labtest.New(t)
	host := lab.Director("lb1", lab.LAN("lan", "192.168.1.0/24").At("192.168.1.11"))
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lab.Install("lvsdns-notify", "/usr/bin/lvsdns-notify")
	path, err := filepath.Abs("examples/keepalived/keepalived.conf")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := host.Run(t.Context(), "keepalived", "--config-test", "--log-console", "--use-file", path); err != nil || out != "" {
		t.Errorf("%v\n%s", err, out)
	}
}
