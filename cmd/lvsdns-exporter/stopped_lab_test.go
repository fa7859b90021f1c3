//go:build lab

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestStoppedCounters stops the kernel's counters in each way that this kernel has.
func TestStoppedCounters(t *testing.T) {
	const vs = "/proc/sys/net/ipv4/vs/"
	for _, tt := range []struct {
		name, sysctl, stop string
		wrapper            []string // of the exporter
		reason             string
	}{
		{"run_estimation", "run_estimation", "0", nil, "sysctl net.ipv4.vs.run_estimation is 0"},
		{"est_cpulist", "est_cpulist", "", nil, "sysctl net.ipv4.vs.est_cpulist names no processor"},
		// A container may hide the settings. Then only the counters can tell.
		{"by the counters alone", "run_estimation", "0", []string{"unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs " + vs + ` && exec "$@"`, "sh"}, "packets pass and the counters do not move"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			set := func(value string) {
				t.Helper()
				if _, err := r.director.Run(t.Context(), "sh", "-c", "echo "+value+" >"+vs+tt.sysctl); err != nil {
					t.Fatal(err)
				}
			}
			before, err := r.director.Run(t.Context(), "cat", vs+tt.sysctl)
			if err != nil {
				t.Skipf("this kernel has no net.ipv4.vs.%s", tt.sysctl)
			}
			r.director.IPVSAdm("-A -u "+vip+":53 -s rr", "-a -u "+vip+":53 -r "+rip+":53 -m -w 1")
			conf := filepath.Join(r.lab.Dir(), "none.conf")
			if err := os.WriteFile(conf, []byte("global_defs {\n}\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			r.run(tt.wrapper, []string{"--keepalived.config-file", conf})
			total := func() float64 { v, _ := r.page().value("lvsdns_ipvs_in_packets_total"); return v }
			passed := func() float64 { v, _ := r.page().value("lvsdns_ipvs_cpu_in_packets_total"); return v }
			// asked has a client ask, so that packets pass whenever the page is looked at.
			asked := func(cond func() bool) func() bool {
				return func() bool {
					if _, err := r.client.Ask(labtest.Question{Server: vip}); err != nil {
						t.Fatal(err)
					}
					return cond()
				}
			}
			frozen := func(n float64) func() bool {
				return asked(r.is("lvsdns_drift_differences", n, "kind=estimator_frozen"))
			}
			r.lab.WaitFor("the counters move", 30*time.Second, asked(func() bool { return total() > 0 }))
			if !frozen(0)() {
				t.Error("frozen, and nobody has stopped anything")
			}
			set(tt.stop)
			r.lab.WaitFor("the page says that the counters stand still", 60*time.Second, frozen(1))
			if state := r.state(); !strings.Contains(state, "the counters of IPVS stand still: "+tt.reason) {
				t.Errorf("another reason than %q:\n%s", tt.reason, state)
			}
			// It is true.
			still, all := total(), passed()
			r.lab.WaitFor("packets pass", 30*time.Second, asked(func() bool { return passed() > all+5 }))
			if now := total(); now != still {
				t.Errorf("the counter that should stand still went from %g to %g", still, now)
			}
			set(strings.TrimSpace(before))
			r.lab.WaitFor("the page says that they move again", 60*time.Second, frozen(0))
			r.lab.WaitFor("they move again", 30*time.Second, asked(func() bool { return total() > still }))
		})
	}
}

// TestSilentCheck stops what runs the checks, in the two ways that keepalived's log has no word of.
func TestSilentCheck(t *testing.T) {
	r := newRig(t)
	r.lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	k := r.director.Keepalived(fmt.Sprintf(keepalivedConf, r.device()))
	r.startWith("--keepalived.config-file", k.ConfigFile())
	r.lab.WaitFor("the check has passed", 30*time.Second, r.is("lvsdns_check_success", 1, "server=192.168.1.21:53"))
	silent := func(n float64) func() bool { return r.is("lvsdns_drift_differences", n, "kind=check_silent") }
	told := func(what string) {
		t.Helper()
		// The check runs each second and may take five: it may be silent for eight.
		r.lab.WaitFor("the page says that the check is silent: "+what, 90*time.Second, silent(1))
		if v, ok := r.page().value("lvsdns_drift", "kind=check_silent", "vip=192.168.1.100", "rip=192.168.1.21", "rport=53"); !ok || v != 1 {
			t.Errorf("%s: the difference has no real server: %g %t", what, v, ok)
		}
		if state := r.state(); !strings.Contains(state, "which has not been heard of for more than 8s") {
			t.Errorf("%s: the state does not say for how long:\n%s", what, state)
		}
	}

	// SIGSTOP stands for a checker process that hangs; keepalived's parent process notices nothing.
	checker := checkerOf(t, k)
	if err := syscall.Kill(checker, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	told("keepalived's checker process stands still")
	if !k.Running() || checkerOf(t, k) != checker {
		t.Error("keepalived has noticed")
	}
	if err := syscall.Kill(checker, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	r.lab.WaitFor("the check is heard of again", 60*time.Second, silent(0))

	// The check runs, and nobody but keepalived hears of it.
	r.lab.InstallFile("/usr/bin/lvsdns-check", "#!/bin/sh\nexit 0\n")
	told("the script is another")
	if got := len(r.director.IPVS().Where("192.168.1.21")); got != 1 {
		t.Errorf("the real server serves in %d virtual servers, want 1: its check passes", got)
	}
}

func checkerOf(t *testing.T, k *labtest.Keepalived) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(k.ConfigFile()), "keepalived_checkers.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		t.Fatalf("%q: %v", text, err)
	}
	return pid
}
