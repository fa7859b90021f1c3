//go:build lab

package plan_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/apply"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestScale is the short form of what make prove does with 1,000 virtual servers.
func TestScale(t *testing.T) { scale(t, 20) }

// scale programs virtual servers with 10 real servers each, and says what it cost beside ipvsadm -R of the same table.
// Measured is processor time, ours and that of the command; what is asserted is that both come to the same table and that a second
// pass has nothing to do.
func scale(t *testing.T, virtual int) {
	t.Helper()
	if os.Getenv("LVSDNS_LAB") == "" {
		t.Skip("not in the lab: this changes the kernel's IPVS table")
	}
	var text strings.Builder
	for v := range virtual {
		fmt.Fprintf(&text, "virtual_server 10.1.%d.%d 53 {\n protocol UDP\n lb_algo rr\n lb_kind DR\n", v/250, v%250+1)
		for s := range 10 {
			fmt.Fprintf(&text, "real_server 10.2.0.%d 53 {\n}\n", s+1)
		}
		text.WriteString("}\n")
	}
	client := ipvs.New(ipvs.Config{})
	defer client.Close()
	var read, pass time.Duration
	began := cpu(t, syscall.RUSAGE_SELF)
	c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text.String())}}, ConfigID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	loaded := cpu(t, syscall.RUSAGE_SELF)
	in := plan.Input{Config: c, Names: plan.NamesOf(c)}
	if n, err := apply.Steps(t.Context(), client, plan.Make(in).Steps); err != nil || n != 11*virtual {
		t.Fatalf("%d steps: %v", n, err)
	}
	applied := cpu(t, syscall.RUSAGE_SELF)
	for range 5 {
		start := cpu(t, syscall.RUSAGE_SELF)
		if in.Kernel, err = client.Snapshot(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen := cpu(t, syscall.RUSAGE_SELF)
		if p := plan.Make(in); p.Differs() {
			t.Fatalf("a second pass has %d steps, such as %s", len(p.Steps), p.Steps[0])
		}
		read += seen - start
		pass += cpu(t, syscall.RUSAGE_SELF) - start
	}
	rules := output(t, "ipvsadm", "-Sn")
	ours := table(t)
	before := cpu(t, syscall.RUSAGE_CHILDREN)
	cmd := exec.Command("ipvsadm", "-R")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	restored := cpu(t, syscall.RUSAGE_CHILDREN) - before
	if table(t) != ours {
		t.Error("ipvsadm -R comes to another table")
	}
	t.Logf("processor time: read the configuration %s, plan and apply %s, ipvsadm -R %s: ratio %.2f; a pass without change %.2f of reading the table (%s)",
		loaded-began, applied-loaded, restored, float64(applied-loaded)/float64(restored), float64(pass)/float64(read), read/5)
}

// cpu is the processor time used so far.
func cpu(t *testing.T, who int) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
