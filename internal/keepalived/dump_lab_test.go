//go:build lab

package keepalived_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestDump has real keepalived run the checks of dump.conf, asks it for its
// state with SIGUSR1, and expects to read there what the checks say. With
// -update it keeps the dump for the tests on the host.
func TestDump(t *testing.T) {
	if os.Getenv("LVSDNS_LAB") == "" {
		t.Skip("not in the lab: this changes the kernel's IPVS table")
	}
	version := installed(t)
	cmd, log, exited := startKeepalived(t, "-f", "testdata/dump/dump.conf")
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-exited
	})
	// Before that the signal would end it.
	settled(t, log, exited, time.Minute)

	var dump string
	var b keepalived.Belief
	for deadline := time.Now().Add(60 * time.Second); ; {
		dump = askForDump(t, cmd.Process)
		if b = keepalived.ParseBelief(dump); settledBelief(b) {
			break
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log)
			t.Fatalf("the checks have not run: %+v\n%s\n%s", b, dump, text)
		}
		time.Sleep(500 * time.Millisecond)
	}
	if len(b.Notes) > 0 {
		t.Errorf("notes: %v", b.Notes)
	}
	if *update {
		name := "testdata/dump/keepalived-" + strings.TrimPrefix(version, "v") + ".txt"
		if err := os.WriteFile(name, []byte(dump), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// settledBelief reports whether the dump shows the states that dump.conf is
// made for.
func settledBelief(b keepalived.Belief) bool {
	if len(b.VirtualServers) != 5 || len(b.VirtualServers[0].RealServers) != 5 {
		return false
	}
	r := b.VirtualServers[0].RealServers
	dynamic := r[0].Alive && r[0].EffectiveWeight == 10 && r[0].InitialWeight == 5
	failed := !r[1].Alive && !r[1].Set && r[1].FailedCheckers == 1
	inhibited := !r[2].Alive && r[2].Set && r[2].Inhibit
	waiting := !r[3].Alive && !r[3].Set && r[3].Alpha
	unchecked := r[4].Alive && r[4].FailedCheckers == 0
	if !dynamic || !failed || !inhibited || !waiting || !unchecked {
		return false
	}
	for _, c := range b.Checkers {
		if c.Kind == keepalived.MiscCheck && c.RS == r[0].Name && !c.LastRan.IsZero() {
			return c.HasRun && c.Up && c.LastStatus == 12
		}
	}
	return false
}

// askForDump sends SIGUSR1 and waits for the file to be there and whole.
func askForDump(t *testing.T, p *os.Process) string {
	t.Helper()
	const name = "/tmp/keepalived_check.data"
	os.Remove(name)
	if err := p.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	size := -1
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		text, err := os.ReadFile(name)
		if err == nil && len(text) > 0 && len(text) == size {
			return string(text)
		}
		size = len(text)
	}
	return ""
}
