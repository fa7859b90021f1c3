//go:build lab

package ipvs

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// bigTable writes 1,000 services with 10 destinations each.
func bigTable(b *testing.B) {
	b.Helper()
	addr := netip.MustParseAddr("10.0.0.0")
	var rules strings.Builder
	for i := range 1000 {
		addr = addr.Next()
		fmt.Fprintf(&rules, "-A -u %s:53 -s rr\n", addr)
		for j := range 10 {
			fmt.Fprintf(&rules, "-a -u %s:53 -r 10.1.%d.%d:53 -g -w 1\n", addr, i%256, j+1)
		}
	}
	cmd := exec.Command("sh", "-c", "ipvsadm -C && ipvsadm -R")
	cmd.Stdin = strings.NewReader(rules.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	b.Cleanup(func() { _ = exec.Command("ipvsadm", "-C").Run() })
}

// BenchmarkSnapshot and BenchmarkIPVSAdm read the same table; compare their processor times.
func BenchmarkSnapshot(b *testing.B) {
	bigTable(b)
	c := New(Config{Timeout: time.Minute})
	defer c.Close()
	b.ReportAllocs()
	before := processorTime(b)
	n := 0
	for b.Loop() {
		table, err := c.Snapshot(b.Context())
		if err != nil || len(table.Entries) != 1000 || len(table.Entries[999].Destinations) != 10 {
			b.Fatalf("%d services, %v", len(table.Entries), err)
		}
		n++
	}
	b.ReportMetric(float64((processorTime(b)-before).Milliseconds())/float64(n), "cpu-ms/op")
}

func BenchmarkIPVSAdm(b *testing.B) {
	bigTable(b)
	var used time.Duration
	n := 0
	for b.Loop() {
		cmd := exec.Command("ipvsadm", "-Ln", "--stats", "--exact")
		if out, err := cmd.Output(); err != nil || strings.Count(string(out), "\n") != 11003 {
			b.Fatalf("%d lines, %v", strings.Count(string(out), "\n"), err)
		}
		used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		n++
	}
	b.ReportMetric(float64(used.Milliseconds())/float64(n), "cpu-ms/op")
}
