//go:build lab && prove

package main_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/labtest"
	"github.com/lvsdns/lvsdns/internal/netns"
)

// orders are how long after keepalived lvsdns-fallback is started; below zero it comes first.
func orders() []time.Duration {
	var all []time.Duration
	for _, ms := range []int{0, 10, 20, 50, 100, 200, 400, 700, 1000, 1500} {
		all = append(all, time.Duration(ms)*time.Millisecond, -time.Duration(ms+5)*time.Millisecond)
	}
	return all
}

// TestOrders starts keepalived and lvsdns-fallback against each other, from the same moment to a second and a half apart. IPVS tells nobody of a
// write, so each of them gets weights of its own from the check, and other ones each time: the table shows who writes.
func TestOrders(t *testing.T) {
	r := newRig(t)
	// The process that asks is the parent of the script.
	r.InstallFile(r.file("who"), `#!/bin/sh
read -r who </proc/$PPID/comm
case $who in
keepalived*) exit $((102 + $$ % 50)) ;;
lvsdns-fallback) exit $((202 + $$ % 50)) ;;
esac
exit 1
`)
	var text strings.Builder
	text.WriteString("global_defs {\n enable_script_security\n script_user root\n}\nvirtual_server 192.0.2.1 53 {\n protocol UDP\n lb_algo wrr\n lb_kind DR\n delay_loop 1\n warmup 0\n")
	for i := range 3 {
		fmt.Fprintf(&text, "real_server 10.0.0.%d 53 {\n weight 50\n MISC_CHECK {\n misc_path %q\n misc_dynamic\n}\n}\n", i+1, r.file("who"))
	}
	text.WriteString("}\n")
	r.configure(text.String())
	charge := map[string]int{}
	for n, after := range orders() {
		who := r.order(after, n%4 < 2)
		charge[who]++
		t.Logf("order %2d: lvsdns-fallback %v after keepalived: %s", n+1, after, who)
	}
	t.Logf("in charge at the end: %v", charge)
	if charge["keepalived"] == 0 || charge["lvsdns-fallback"] == 0 {
		t.Error("one of them never was")
	}
}

// order starts both, and says who is in charge in the end.
func (r *rig) order(after time.Duration, only bool) string {
	t := r.t
	t.Helper()
	seen := r.watch()
	start := func() *labtest.Process {
		args := []string{"--dont-fork", "--log-console", "--log-detail", "--use-file=" + r.file("keepalived.conf"), "--pid=" + r.file("keepalived.pid"),
			"--vrrp_pid=" + r.file("keepalived_vrrp.pid"), "--checkers_pid=" + r.file("keepalived_checkers.pid"), "--bfd_pid=" + r.file("keepalived_bfd.pid")}
		if only {
			args = append(args, "--check")
		}
		return r.director.Start("keepalived", args...)
	}
	var k, p *labtest.Process
	if after < 0 {
		p = r.fallback()
		time.Sleep(-after)
		k = start()
	} else {
		k = start()
		time.Sleep(after)
		p = r.fallback()
	}
	time.Sleep(6 * time.Second)
	who := "nobody"
	switch {
	case k.Running() && p.Running():
		t.Errorf("both run\n%s\n%s", p.Log(), k.Log())
	case k.Running():
		who = "keepalived"
	case p.Running():
		who = "lvsdns-fallback"
	}
	writes := seen()
	byUs, byThem := strings.Count(writes, "F"), strings.Count(writes, "K")
	switch {
	case byUs > 0 && byThem > 0:
		t.Errorf("lvsdns-fallback %v after keepalived: two writers: %s\n%s\n%s", after, writes, p.Log(), k.Log())
	case who == "keepalived" && byThem < 3, who == "lvsdns-fallback" && byUs < 3, strings.Contains(writes, "?"):
		t.Errorf("lvsdns-fallback %v after keepalived: %s is in charge, the writes are %q", after, who, writes)
	}
	p.Stop()
	k.Stop()
	r.WaitFor("the checker process has ended", 20*time.Second, func() bool { return r.checker() == 0 })
	_, _ = r.director.Run(t.Context(), "ipvsadm", "-C")
	return who
}

// watch looks at the weights all the time, until the function that it returns is called. That has a letter for each new weight: K for
// one that keepalived has found, F for one of lvsdns-fallback's, ? for one that nobody can have written.
func (r *rig) watch() func() string {
	r.t.Helper()
	client := r.kernel()
	end := make(chan struct{})
	var writes strings.Builder
	var all sync.WaitGroup
	all.Go(func() {
		last := map[ipvs.DestinationKey]uint32{}
		for {
			select {
			case <-end:
				return
			case <-time.After(20 * time.Millisecond):
			}
			table, err := client.Snapshot(r.t.Context())
			if err != nil {
				continue // IPVS is not there yet
			}
			for _, e := range table.Entries {
				for _, d := range e.Destinations {
					w := uint32(d.Weight)
					if last[d.DestinationKey] == w {
						continue
					}
					last[d.DestinationKey] = w
					switch {
					case w == 50: // as configured: either
					case w >= 100 && w < 150:
						writes.WriteByte('K')
					case w >= 200 && w < 250:
						writes.WriteByte('F')
					default:
						writes.WriteByte('?')
					}
				}
			}
		}
	})
	return func() string {
		close(end)
		all.Wait()
		return writes.String()
	}
}

// kernel is the director's table, without a process for each look.
func (r *rig) kernel() *ipvs.Client {
	r.t.Helper()
	ns, err := netns.Open(r.director.Name)
	if err != nil {
		r.t.Fatal(err)
	}
	client := ipvs.New(ipvs.Config{NetNS: int(ns.Fd())})
	r.t.Cleanup(func() {
		_ = client.Close()
		_ = ns.Close()
	})
	return client
}
