package guard_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

func TestLock(t *testing.T) {
	dir := t.TempDir()
	o := guard.Options{Lock: filepath.Join(dir, "run/fallback.lock"), PIDFile: filepath.Join(dir, "checkers.pid")}
	h, err := guard.Acquire(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Check(); err != nil {
		t.Error(err)
	}
	if pid, err := guard.Holder(o.Lock); err != nil || pid != os.Getpid() {
		t.Errorf("the holder is %d", pid)
	}
	if _, err := guard.Acquire(o); !errors.Is(err, guard.ErrHeld) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("a second one: %v", err)
	}
	// Beside a frozen parent, which keeps the lock of its pidfile, the process in the file counts: here it is we.
	other := guard.Options{Lock: filepath.Join(dir, "other.lock"), PIDFile: o.PIDFile, Frozen: true}
	if second, err := guard.Acquire(other); err != nil {
		t.Errorf("beside a frozen parent: %v", err)
	} else {
		defer second.Release()
	}
	text, _ := os.ReadFile(o.PIDFile)
	if string(text) != fmt.Sprintf("%d\n", os.Getpid()) {
		t.Errorf("the pidfile holds %q", text)
	}
	// keepalived 2.2.7, which was starting already, writes its own.
	if err := os.WriteFile(o.PIDFile, []byte("4242\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := h.Check(); !errors.Is(err, guard.ErrHeld) || !strings.Contains(err.Error(), "4242") {
		t.Errorf("an overwritten pidfile: %v", err)
	}
	h.Release()
	if _, err := os.Stat(o.PIDFile); err != nil {
		t.Error("a pidfile that is another's was removed")
	}
	if pid, err := guard.Holder(o.Lock); err != nil || pid != 0 {
		t.Errorf("after the release the holder is %d", pid)
	}
	if h, err = guard.Acquire(o); err != nil {
		t.Fatalf("after the release: %v", err) // process 4242, if there is one, is no keepalived
	}
	if err := os.Remove(o.PIDFile); err != nil {
		t.Fatal(err)
	}
	if err := h.Check(); !errors.Is(err, guard.ErrHeld) {
		t.Errorf("a removed pidfile: %v", err)
	}
	h.Release()
}

// TestOldKeepalived: a checker that lives and locks nothing has the table.
func TestOldKeepalived(t *testing.T) {
	dir := t.TempDir()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "keepalived")
	if err := os.WriteFile(program, data, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	o := guard.Options{Lock: filepath.Join(dir, "lock"), PIDFile: filepath.Join(dir, "pid")}
	if err := os.WriteFile(o.PIDFile, fmt.Appendf(nil, "%d\n", cmd.Process.Pid), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := guard.Acquire(o); !errors.Is(err, guard.ErrHeld) || !strings.Contains(err.Error(), "lives") {
		t.Errorf("%v", err)
	}
	if pid, err := guard.Holder(o.Lock); err != nil || pid != 0 {
		t.Errorf("the lock is held by %d after a refusal", pid)
	}
	// Killed, and not yet waited for: its parent may be frozen.
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		var h *guard.Held
		if h, err = guard.Acquire(o); err == nil {
			h.Release()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("a zombie has the table: %v", err)
}

func TestProcesses(t *testing.T) {
	proc := t.TempDir()
	owner := 0
	add := func(pid, parent int, state, ns string, args ...string) {
		dir := filepath.Join(proc, fmt.Sprint(pid))
		err := errors.Join(
			os.MkdirAll(filepath.Join(dir, "ns"), 0o755),
			os.Symlink(args[0], filepath.Join(dir, "exe")),
			os.WriteFile(filepath.Join(dir, "status"), fmt.Appendf(nil, "Name:\tkeepalived\nState:\t%s (is so)\nPPid:\t%d\nUid:\t%d\t0\t0\t0\n", state, parent, owner), 0o644),
			os.WriteFile(filepath.Join(dir, "cmdline"), []byte(strings.Join(args, "\x00")+"\x00"), 0o644),
			os.Symlink("net:["+ns+"]", filepath.Join(dir, "ns/net")))
		if err != nil {
			t.Fatal(err)
		}
	}
	const config, pidfile = "/etc/keepalived/keepalived.conf", "/run/keepalived_checkers.pid"
	add(2, 1, "S", "1", "lvsdns-fallback")
	rival := func() int {
		t.Helper()
		all, err := guard.Processes(proc, "2")
		if err != nil {
			t.Fatal(err)
		}
		if p := guard.Rival(all, config, pidfile); p != nil {
			if !strings.Contains(p.Why(), fmt.Sprint(p.PID)) {
				t.Error(p.Why())
			}
			return p.PID
		}
		return 0
	}
	add(10, 1, "S", "1", "/usr/sbin/keepalived", "--dont-fork", "-lDP")                                  // VRRP only
	add(11, 10, "S", "1", "/usr/sbin/keepalived", "--dont-fork", "-lDP")                                 // its child
	add(20, 1, "S", "2", "/usr/sbin/keepalived", "-n")                                                   // elsewhere
	add(30, 1, "S", "1", "/usr/sbin/keepalived", "-n", "-f", "/etc/other.conf", "-lc", "/run/other.pid") // of others
	add(40, 1, "T", "1", "/usr/sbin/keepalived", "-n")                                                   // frozen
	add(60, 1, "S", "1", "/usr/bin/sudo", "keepalived", "-n")                                            // of another user, waiting for a password
	add(61, 1, "S", "1", "/usr/local/bin/keepalived_exporter", "-v")                                     // another program
	owner = 65534
	add(70, 1, "S", "1", "/usr/sbin/keepalived", "-n") // of another user
	owner = 0
	if pid := rival(); pid != 0 {
		t.Errorf("%d is taken for a rival", pid)
	}
	add(50, 1, "S", "1", "/usr/sbin/keepalived", "-n", "--check", "--use-file=/etc/k.conf", "--checkers_pid", pidfile)
	if pid := rival(); pid != 50 {
		t.Errorf("the rival is %d, want 50: it has our pidfile", pid)
	}
	add(45, 1, "S", "1", "/usr/sbin/keepalived (deleted)", "-n")
	if pid := rival(); pid != 45 {
		t.Errorf("the rival is %d, want 45: it has our configuration", pid)
	}
}

func TestForeign(t *testing.T) {
	k := ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.1:53"))
	server := ipvs.To(netip.MustParseAddrPort("198.51.100.21:53"))
	names := plan.Names{k: nil}
	table := func() ipvs.Table {
		return ipvs.Table{Entries: []ipvs.TableEntry{
			{Service: ipvs.Service{ServiceKey: k, Scheduler: "rr"}, Destinations: []ipvs.Destination{{DestinationKey: server, Weight: 1}}},
			{Service: ipvs.Service{ServiceKey: ipvs.Mark(ipvs.IPv4, 7), Scheduler: "rr"}},
		}}
	}
	for _, test := range []struct {
		name   string
		change func(*ipvs.Table)
		want   string
	}{
		{"nothing", func(*ipvs.Table) {}, ""},
		{"traffic", func(t *ipvs.Table) {
			t.Entries[0].Service.Stats.Connections = 9
			t.Entries[0].Destinations[0].Active = 4
			t.Entries[0].Service.Flags |= ipvs.Hashed
		}, ""},
		{"another's service", func(t *ipvs.Table) { t.Entries = t.Entries[:1] }, ""},
		{"a weight", func(t *ipvs.Table) { t.Entries[0].Destinations[0].Weight = 2 }, "udp 192.0.2.1:53: real server 198.51.100.21:53 was changed"},
		{"a removal", func(t *ipvs.Table) { t.Entries[0].Destinations = nil }, "udp 192.0.2.1:53: real server 198.51.100.21:53 was removed"},
		{"an addition", func(t *ipvs.Table) {
			t.Entries[0].Destinations = append(t.Entries[0].Destinations, ipvs.Destination{DestinationKey: ipvs.To(netip.MustParseAddrPort("198.51.100.22:53"))})
		}, "udp 192.0.2.1:53: real server 198.51.100.22:53 was added"},
		{"a scheduler", func(t *ipvs.Table) { t.Entries[0].Service.Scheduler = "wrr" }, "udp 192.0.2.1:53: its settings were changed"},
		{"the service", func(t *ipvs.Table) { t.Entries = t.Entries[1:] }, "udp 192.0.2.1:53 was removed"},
	} {
		now := table()
		test.change(&now)
		if got := guard.Leave(names, table()).Foreign(now); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if got := guard.Leave(names, ipvs.Table{}).Foreign(table()); got != "udp 192.0.2.1:53 was added" {
		t.Errorf("a service: %q", got)
	}
}

// TestTrigger: a checker that dies and is started again within keepalived's back-off is no reason to act.
func TestTrigger(t *testing.T) {
	type look struct {
		second int
		guard.Look
		want guard.Cause
	}
	alive := func(second, checker int, turns uint64) look {
		return look{second: second, Look: guard.Look{Parent: 10, Checker: checker, Named: checker, Turns: turns}}
	}
	dead := func(second, named int, want guard.Cause) look {
		return look{second, guard.Look{Parent: 10, Named: named}, want}
	}
	for _, test := range []struct {
		name  string
		every time.Duration
		looks []look // what is between them is as before
	}{
		{"nobody for longer than the back-off", 0, []look{{0, guard.Look{}, ""}, {64, guard.Look{}, ""}, {65, guard.Look{}, guard.Away}}},
		{"away for a minute", 0, []look{{0, guard.Look{}, ""}, alive(61, 11, 1), {62, guard.Look{}, ""}, {126, guard.Look{}, ""}, {127, guard.Look{}, guard.Away}}},
		{"one death, and a back-off of a minute", 0, []look{alive(0, 11, 1), dead(5, 11, ""), alive(65, 12, 1), alive(200, 12, 1)}},
		{"a parent that starts no checker", 0, []look{alive(0, 11, 1), dead(5, 11, ""), dead(69, 11, ""), dead(70, 11, guard.Missing)}},
		{"four deaths", 0, []look{alive(0, 11, 1), alive(1, 12, 1), dead(2, 12, ""), alive(4, 13, 1), alive(5, 14, 1), alive(9, 15, 1), alive(300, 15, 2)}},
		{"five deaths", 0, []look{alive(0, 11, 1), alive(1, 12, 1), dead(2, 12, ""), alive(4, 13, 1), alive(5, 14, 1), alive(9, 15, 1),
			{30, guard.Look{Parent: 10, Checker: 16, Named: 16, Turns: 1}, guard.Looping}}},
		{"five that are never seen alive", 0, []look{alive(0, 11, 1), dead(1, 12, ""), dead(2, 13, ""), dead(4, 14, ""), dead(8, 15, guard.Looping)}},
		{"five deaths in a day", 0, []look{alive(0, 11, 1), alive(100, 12, 1), alive(200, 13, 1), alive(300, 14, 1), alive(400, 15, 1), alive(500, 16, 1)}},
		{"five restarts of the whole", 0, []look{alive(0, 11, 1), {1, guard.Look{Parent: 20, Checker: 21}, ""}, {2, guard.Look{Parent: 30, Checker: 31}, ""},
			{3, guard.Look{Parent: 40, Checker: 41}, ""}, {4, guard.Look{Parent: 50, Checker: 51}, ""}, {5, guard.Look{Parent: 60, Checker: 61}, ""}}},
		{"a checker that does nothing", time.Second, []look{alive(0, 11, 1), alive(1, 11, 2), alive(30, 11, 2), {31, guard.Look{Parent: 10, Checker: 11, Turns: 2}, guard.Hanging}}},
		{"one that does nothing for as long as it may", 20 * time.Second, []look{alive(0, 11, 1), alive(59, 11, 1), alive(60, 11, 2), alive(119, 11, 2),
			{120, guard.Look{Parent: 10, Checker: 11, Turns: 2}, guard.Hanging}}},
		{"one that has nothing to do", 0, []look{alive(0, 11, 1), alive(1000, 11, 1)}},
		{"a new one that does nothing", time.Second, []look{alive(0, 11, 1), alive(29, 12, 1), alive(58, 12, 1)}},
	} {
		trigger := guard.Trigger{Every: test.every}
		start, second := time.Unix(1000, 0), 0
		var last guard.Look
		for _, l := range test.looks {
			for ; second < l.second; second++ {
				if c := trigger.See(start.Add(time.Duration(second)*time.Second), last); c != "" {
					t.Fatalf("%s: second %d: %s", test.name, second, c)
				}
			}
			if got := trigger.See(start.Add(time.Duration(l.second)*time.Second), l.Look); got != l.want {
				t.Fatalf("%s: second %d: %q, want %q", test.name, l.second, got, l.want)
			}
			last, second = l.Look, l.second+1
		}
	}
	// A host that stood still has seen nothing.
	trigger := guard.Trigger{Every: time.Second}
	for _, second := range []int{0, 1, 2, 3000, 3001, 3029} {
		if c := trigger.See(time.Unix(int64(second), 0), guard.Look{Parent: 10, Checker: 11, Turns: 1}); c != "" {
			t.Errorf("second %d: %s", second, c)
		}
	}
}
