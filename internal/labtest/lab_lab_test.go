//go:build lab

package labtest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

func TestRunTakesTheLabDownWhenInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	var pid int
	err := labtest.Run(ctx, t.Logf, func(lab *labtest.Lab) {
		dns1 := lab.RealServer("dns1", lab.LAN("lan", lanNet).At(rip))
		// The child is in a group of its own, as keepalived's scripts are.
		sleeper := dns1.Start("sh", "-c", "setsid sleep 1000 & echo $!; wait")
		lab.WaitFor("the child's ID", 10*time.Second, func() bool {
			var err error
			pid, err = strconv.Atoi(strings.TrimSpace(sleeper.Log()))
			return err == nil
		})
		interrupt()
		lab.WaitFor("never", time.Minute, func() bool { return false })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want the context's error", err)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/ns/net", pid)); err == nil {
		t.Errorf("process %d outlived the lab", pid)
	}
	for _, path := range []string{"/run/netns/dns1", "/sys/class/net/lan", "/sys/class/net/dns1.0"} {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s outlived the lab: %v", path, err)
		}
	}
}

func TestWaitForShowsTablesAndLogs(t *testing.T) {
	err := labtest.Run(t.Context(), t.Logf, func(lab *labtest.Lab) {
		director := lab.Director("director", lab.LAN("lan", lanNet).At("192.168.1.11"))
		director.IPVSAdm(serve(vip, rip, "-g")...)
		speaker := director.Start("echo", "a line of its log")
		lab.WaitFor("echo ends", 10*time.Second, func() bool { return !speaker.Running() })
		lab.WaitFor("a miracle", time.Millisecond, func() bool { return false })
	})
	if err == nil {
		t.Fatal("Run = nil, want the failure")
	}
	for _, want := range []string{`"a miracle" in vain`, "UDP  192.168.1.100:53 rr", "192.168.1.21:53", "a line of its log"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the failure does not show %q:\n%v", want, err)
		}
	}
}

func TestRunCarriesStatusAndStandardError(t *testing.T) {
	lab := labtest.New(t)
	host := lab.Client("client", lab.LAN("lan", lanNet).At("192.168.1.50"))
	out, err := host.Run(t.Context(), "sh", "-c", "cat /proc/sys/net/ipv4/conf/eth0/accept_local; echo trouble >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "trouble") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("Run = %v, want the status and the standard error", err)
	}
	if strings.TrimSpace(out) != "0" {
		t.Errorf("standard output %q: the command did not see the host's own eth0", out)
	}
}
