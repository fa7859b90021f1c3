// Package packaging_test holds what is installed beside the programs to what docs/security.md promises.
package packaging_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// exposure is how much of this host a service may reach at most, by "systemd-analyze security": 0 is nothing, 10 all.
var exposure = map[string]float64{"lvsdns-exporter.service": 2.0, "lvsdns-notify-fifo.service": 2.0, "lvsdns-fallback.service": 3.5}

func TestExposure(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("no systemd-analyze here: it comes with systemd")
	}
	if out, err := exec.Command(
		"systemd-analyze", "security", "--help",
	).CombinedOutput(); err != nil || !strings.Contains(string(out), "--offline") {
		t.Skip("this systemd-analyze is older than 250: it looks at running services only")
	}
	level := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`)
	for _, unit := range units(t) {
		out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "./"+unit).CombinedOutput()
		found := level.FindSubmatch(out)
		if err != nil || found == nil {
			t.Errorf("%s: %v\n%s", unit, err, out)
			continue
		}
		is, err := strconv.ParseFloat(string(found[1]), 64)
		if most, known := exposure[unit]; err != nil || !known || is > most {
			t.Errorf("%s: exposure %s, at most %g\n%s", unit, found[1], most, out)
		}
	}
}

// TestLimits: each service has an end to what it takes, so that one of them does not end the others.
func TestLimits(t *testing.T) {
	for _, unit := range units(t) {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			"\nMemoryMax=", "\nEnvironment=GOMEMLIMIT=", "\nLimitNOFILE=", "\nWatchdogSec=", "\nRestart=",
			"\nExecReload=",
		} {
			if !strings.Contains(string(text), line) {
				t.Errorf("%s has no line %q", unit, strings.TrimSpace(line))
			}
		}
	}
}

func units(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("*.service")
	if err != nil || len(all) != len(exposure) {
		t.Fatalf("the units are %q, %v", all, err)
	}
	return all
}
