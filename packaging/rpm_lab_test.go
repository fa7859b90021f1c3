//go:build lab

package packaging_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestRPM has rpm install and erase the package, with its scripts, under a real systemd. The rest of the system is Debian's: rpm is told
// to take it as it is.
func TestRPM(t *testing.T) {
	if _, err := exec.LookPath("rpm"); err != nil {
		t.Skip("no rpm is installed here")
	}
	d := newDirector(t)
	d.must("rpm", "--force-debian", "--nodeps", "--install", built(t, "rpm"))
	d.unit(exporter, "enabled active")
	d.unit(fallback, "disabled inactive")
	d.unit(fifo, "disabled inactive")
	d.check()
	d.serve("with lvsdns-check", healthy)
	d.shows("lvsdns_check_success", `server="`+healthy+`:53"`, "1")

	// An upgrade ends with the script that is given 2, and the script before the removal of the older version is given 1.
	before := d.Show(exporter, "MainPID")
	script := func(name, count string) {
		t.Helper()
		d.must("sh", "-c", read(t, "scripts/"+name), name, count)
	}
	script("post", "2")
	if d.Show(exporter, "MainPID") == before {
		t.Error("an upgrade leaves the exporter as it was")
	}
	script("preun", "1")
	script("postun", "1")
	d.unit(exporter, "enabled active")
	d.unit(fifo, "disabled inactive")

	said := d.must("rpm", "--force-debian", "--erase", "lvsdns")
	if !strings.Contains(said, "lvsdns: "+conf+":14 (and 1 more) still runs lvsdns-check.") {
		t.Errorf("rpm --erase says %q", said)
	}
	d.serve("without the program", healthy, broken)
	// rpm keeps state.
	if left := d.left(); left != "" && left != "/var/lib/lvsdns\n" {
		t.Errorf("rpm --erase leaves\n%s", left)
	}
}
