//go:build lab

package main_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const keepalivedConf = `
vrrp_instance dns {
	interface %[1]s
	state MASTER
	virtual_router_id 51
	priority 150
	advert_int 1
	virtual_ipaddress {
		192.168.1.100/32
	}
}
virtual_server 192.168.1.100 53 {
	protocol UDP
	lb_algo rr
	lb_kind NAT
	delay_loop 1
	alpha
	real_server 192.168.1.21 53 {
		weight 3
		MISC_CHECK {
			misc_path "/usr/bin/lvsdns-check --exporter-socket /run/check.sock --name example.com 192.168.1.21"
			misc_timeout 5
		}
	}
}
`

// TestKeepalived has real keepalived with a check, and looks at everything that comes from it: the address, what it
// believes, the check's own report, and a weight that somebody changes behind its back.
func TestKeepalived(t *testing.T) {
	r := newRig(t)
	r.lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	conf := fmt.Sprintf(keepalivedConf, r.device())
	k := r.director.Keepalived(conf)
	dir := filepath.Dir(k.ConfigFile())
	r.start()
	p := r.page()
	if got := p.up("keepalived"); got != "absent" {
		t.Errorf("without a configuration keepalived is %s", got)
	}
	r.exporter.Stop()
	r.startWith("--keepalived.config-file", filepath.Join(dir, "keepalived.conf"), "--keepalived.signal", "--keepalived.signal-interval", "10s",
		"--keepalived.pid-file", filepath.Join(dir, "keepalived.pid"))

	r.lab.WaitFor("the master shows", 30*time.Second, r.is("lvsdns_vrrp_state", 1, "name=dns", "state=master"))
	r.lab.WaitFor("the check has passed", 30*time.Second, r.is("lvsdns_check_success", 1, "server=192.168.1.21:53", "name=example.com."))
	r.lab.WaitFor("keepalived has said what it believes", 30*time.Second, r.is("lvsdns_source_up", 1, "source=belief"))
	r.lab.WaitFor("no difference of weight", 30*time.Second, r.is("lvsdns_drift_differences", 0, "kind=weight"))
	p = r.page()
	if v, ok := p.value("lvsdns_check_runs_total", "outcome=pass", "rcode=NOERROR"); !ok || v < 1 {
		t.Errorf("runs that passed: %g %t", v, ok)
	}
	for _, source := range []string{"ipvs", "keepalived", "vrrp", "belief", "drift", "checks"} {
		if got := p.up(source); got != "up" {
			t.Errorf("%s is %s\n%s", source, got, r.exporter.Log())
		}
	}

	// Asked here, looked up there.
	if out, err := r.director.Run(t.Context(), "sh", "-c", `keepalived --version 2>&1 | sed -n '1s/^Keepalived v\([0-9.]*\).*/\1/p'`); err != nil {
		t.Error(err)
	} else if _, ok := p.value("lvsdns_keepalived_info", "version="+strings.TrimSpace(out)); !ok || out == "" {
		t.Errorf("keepalived says it is %q; the page: %v", out, p["lvsdns_keepalived_info"])
	}

	r.director.IPVSAdm("-e -u 192.168.1.100:53 -r 192.168.1.21:53 -m -w 7")
	r.lab.WaitFor("the weight that somebody has changed shows as drift", 30*time.Second, r.is("lvsdns_drift", 1, "kind=weight", "rip=192.168.1.21"))
	r.director.IPVSAdm("-e -u 192.168.1.100:53 -r 192.168.1.21:53 -m -w 3")
	r.lab.WaitFor("the drift goes when it is mended", 30*time.Second, r.is("lvsdns_drift_differences", 0, "kind=weight"))

	// keepalived is asked every ten seconds and the kernel at each page: a check that fails in between is no drift.
	r.lab.InstallFile("/usr/bin/lvsdns-check", "#!/bin/sh\nexit 1\n")
	pages := 0
	r.lab.WaitFor("the state dump says that the check fails", 60*time.Second, func() bool {
		if v, _ := r.page().value("lvsdns_drift_differences", "kind=real_server_missing"); v != 0 {
			t.Fatalf("a server whose check has failed is said to be missing:\n%s", r.state())
		}
		pages++
		return strings.Contains(r.state(), "is not in the kernel: its check fails")
	})
	t.Logf("%d pages from the failing check to the next state dump", pages)
	if !k.Running() {
		t.Error("keepalived has not survived to be asked")
	}
	k.Stop()
	r.lab.WaitFor("nobody is master", 30*time.Second, r.is("lvsdns_vrrp_state", 1, "name=dns", "state=backup"))
}
