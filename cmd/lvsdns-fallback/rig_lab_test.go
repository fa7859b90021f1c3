//go:build lab

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// rig is a director with scripts for checks, and either keepalived or lvsdns-fallback.
type rig struct {
	*labtest.Lab
	t        *testing.T
	director *labtest.Host
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOf(t, "")
}

// newRigOf makes one of several in one guest, each with a name of its own.
func newRigOf(t *testing.T, name string) *rig {
	t.Helper()
	lab := labtest.New(t)
	lab.Install("lvsdns-fallback", "/usr/bin/lvsdns-fallback")
	return &rig{lab, t, lab.Director("director"+name, lab.LAN("lan"+name, "192.168.1.0/24").At("192.168.1.11"))}
}

func (r *rig) file(name string) string { return filepath.Join(r.Dir(), r.director.Name, name) }

// checks sets what the scripts rs1, rs2 … exit with. Each run leaves a line in ran1, ran2 …
func (r *rig) checks(statuses ...int) {
	r.t.Helper()
	for i, s := range statuses {
		ran := filepath.Join(r.Dir(), fmt.Sprintf("ran%d", i+1))
		r.InstallFile(filepath.Join(r.Dir(), fmt.Sprintf("rs%d", i+1)), fmt.Sprintf("#!/bin/sh\necho >>%s\nexit %d\n", ran, s))
		_ = os.Remove(ran)
	}
}

// decided waits until every check has run with what [rig.checks] has set, and the table has not changed for a while. Checks
// of one script come equally often, so that twice as many runs as checks, and some, are at least one of each.
func (r *rig) decided(conf string) string {
	r.t.Helper()
	r.WaitFor("the checks run", time.Minute, func() bool {
		for i := 1; ; i++ {
			n := strings.Count(conf, fmt.Sprintf("/rs%d\"", i))
			if n == 0 {
				return true
			}
			text, _ := os.ReadFile(filepath.Join(r.Dir(), fmt.Sprintf("ran%d", i)))
			if strings.Count(string(text), "\n") < 2*n+2 {
				return false
			}
		}
	})
	return r.settled(1500 * time.Millisecond)
}

// conf puts paths into a configuration.
func (r *rig) conf(text string) string {
	rs := regexp.MustCompile(`CHECK(\d+)`)
	return `global_defs {
	enable_script_security
	script_user root
}
` + rs.ReplaceAllString(text, "MISC_CHECK {\n misc_path \""+r.Dir()+"/rs$1\"\n misc_timeout 10\nMORE\n}")
}

// table is ipvsadm -Sn, sorted: the kernel lists by its hash tables, in which the order of writing shows.
func (r *rig) table() string {
	r.t.Helper()
	out, err := r.director.Run(r.t.Context(), "ipvsadm", "-Sn")
	for range 3 { // in a guest that is busy with checks, the pipe may outlive its time
		if err == nil {
			break
		}
		out, err = r.director.Run(r.t.Context(), "ipvsadm", "-Sn")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// settled is the table when it has not changed for a while.
func (r *rig) settled(quiet time.Duration) string {
	r.t.Helper()
	last, since := r.table(), time.Now()
	for time.Since(since) < quiet {
		time.Sleep(500 * time.Millisecond)
		if now := r.table(); now != last {
			last, since = now, time.Now()
		}
	}
	return last
}

func (r *rig) flags(command string, more ...string) []string {
	return append([]string{
		command, "--keepalived-config", r.file("keepalived.conf"), "--checkers-pid-file", r.file("keepalived_checkers.pid"),
		"--lock-file", r.file("fallback.lock"),
	}, more...)
}

// fallback starts lvsdns-fallback run.
func (r *rig) fallback(more ...string) *labtest.Process {
	r.t.Helper()
	return r.director.Start("/usr/bin/lvsdns-fallback", r.flags("run", append([]string{"--state-file", r.file("state.json"), "--interval", "1s"}, more...)...)...)
}

func (r *rig) ended(what string, p *labtest.Process) {
	r.t.Helper()
	r.WaitFor(what, 30*time.Second, func() bool { return !p.Running() })
}
