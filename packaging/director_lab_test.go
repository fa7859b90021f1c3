//go:build lab

package packaging_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

const (
	vip     = "192.168.1.100"
	healthy = "192.168.1.21"
	broken  = "192.168.1.22" // answers SERVFAIL
	conf    = "/etc/keepalived/keepalived.conf"
)

// director is what a site has before it knows of lvsdns: stock keepalived, started by its package's unit under a real systemd, with
// two name servers and a check that looks at nothing.
type director struct {
	t            *testing.T
	lab          *labtest.Lab
	host, client *labtest.Host
	*labtest.Systemd
}

const before = `global_defs {
	enable_script_security
	script_user root
}
virtual_server 192.168.1.100 53 {
	delay_loop 1
	lb_algo wrr
	lb_kind DR
	protocol UDP
	alpha
	warmup 1
	real_server 192.168.1.21 53 {
		MISC_CHECK {
			misc_path "/usr/bin/true 192.168.1.21"
			misc_timeout 30
		}
	}
	real_server 192.168.1.22 53 {
		MISC_CHECK {
			misc_path "/usr/bin/true 192.168.1.22"
			misc_timeout 30
		}
	}
}
`

func newDirector(t *testing.T) *director {
	if !labtest.HasSystemd() {
		t.Skip("no systemd is installed here")
	}
	d := &director{t: t, lab: labtest.New(t)}
	lan := d.lab.LAN("lan", "192.168.1.0/24")
	d.host = d.lab.Director("lb1", lan.At("192.168.1.11")).Hold(vip)
	d.lab.RealServer("dns1", lan.At(healthy)).DR(vip).NameServer(labtest.NSD)
	d.lab.RealServer("dns2", lan.At(broken)).DR(vip).NameServer(labtest.NSD).Break(labtest.Servfail)
	d.client = d.lab.Client("client", lan.At("192.168.1.50"))
	// Machines that build images forbid packages to start services. The index of manual pages opens each of them, and user-mode Linux keeps
	// a file of the host open for every file that was looked at.
	for _, path := range []string{"/usr/sbin/policy-rc.d", "/var/lib/man-db/auto-update"} {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	d.Systemd = d.host.Machine()
	d.write(conf, before)
	d.write("/etc/default/keepalived", "DAEMON_ARGS=\"--log-detail\"\n")
	d.must("systemctl", "start", "keepalived.service")
	d.serve("before", healthy, broken)
	return d
}

func (d *director) write(path, text string) {
	d.t.Helper()
	if err := os.WriteFile(d.file(path), []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// file is a path of the director's own files, as this program sees it.
func (d *director) file(path string) string {
	return fmt.Sprintf("/proc/%d/root%s", d.Namespace(), path)
}

// must runs a command on the director and returns all that it prints.
func (d *director) must(name string, args ...string) string {
	d.t.Helper()
	out, err := d.Run("sh", append([]string{"-c", `exec "$0" "$@" 2>&1`, name}, args...)...)
	if err != nil {
		d.t.Fatalf("%v\n%s\n%s", err, out, d.lab.Dump())
	}
	return out
}

// serve waits until exactly these real servers are in the table.
func (d *director) serve(when string, servers ...string) {
	d.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(500 * time.Millisecond) {
		table, all := d.host.IPVS(), 0
		for _, service := range table {
			all += len(service.RealServers)
		}
		if all == len(servers) && !slices.ContainsFunc(servers, func(server string) bool { return len(table.Where(server)) != 1 }) {
			return
		}
		if time.Now().After(end) {
			d.t.Fatalf("%s the table has not %v:\n%s%s", when, servers, d.lab.Dump(), d.must("journalctl", "--unit=keepalived.service"))
		}
	}
}

// check replaces the check in the two lines of keepalived.conf, and reloads. Its deadline is long: a guest may stand still for seconds.
func (d *director) check() {
	d.t.Helper()
	d.write(conf, strings.ReplaceAll(before, "/usr/bin/true", "/usr/bin/lvsdns-check --name example.com --timeout 20s"))
	d.must("systemctl", "reload", "keepalived.service")
}

const exporter, fallback, fifo = "lvsdns-exporter.service", "lvsdns-fallback.service", "lvsdns-notify-fifo.service"

// unit holds what systemd says of a unit, such as "enabled active", against what it should be.
func (d *director) unit(name, want string) {
	d.t.Helper()
	if is := d.Show(name, "UnitFileState") + " " + d.Show(name, "ActiveState"); is != want {
		d.t.Errorf("%s is %s, want %s", name, is, want)
	}
}

// left is what there is of the package on the director.
func (d *director) left() string {
	d.t.Helper()
	return d.must("find", "/etc", "/usr/bin", "/usr/lib/systemd", "/usr/lib/sysusers.d", "/usr/lib/tmpfiles.d", "/usr/libexec", "/usr/share",
		"/var/lib", "/run", "-name", "*lvsdns*", "-not", "-path", "/run/lab-*")
}

// shows waits until /metrics has a series of this name with this label and value.
func (d *director) shows(metric, label, value string) {
	d.t.Helper()
	series := regexp.MustCompile(`(?m)^` + metric + `\{[^}]*\b` + regexp.QuoteMeta(label) + `[^}]*\} ` + value + `$`)
	var page []byte
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(500 * time.Millisecond) {
		var err error
		if page, err = d.host.Get(d.t.Context(), "http://127.0.0.1:9741/metrics"); err == nil && series.Match(page) {
			return
		}
		if time.Now().After(end) {
			d.t.Fatalf("no %s with %s and %s: %v\n%s", metric, label, value, err, regexp.MustCompile("(?m)^"+metric+".*$").FindAll(page, -1))
		}
	}
}

// built is the package that "make packages" has made for this machine.
func built(t *testing.T, packager string) string {
	t.Helper()
	path, err := filepath.Abs(packages(t, packager)[runtime.GOARCH])
	if err != nil {
		t.Fatal(err)
	}
	return path
}
