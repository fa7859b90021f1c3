package conntrack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	timo "github.com/ti-mo/conntrack"
	"golang.org/x/sys/unix"
)

// TestCounters sends packets that belong to no flow, and holds the counters against two other readers of them.
func TestCounters(t *testing.T) {
	ownTable(t)
	for _, args := range []string{"ip link set lo up", "iptables-legacy -A INPUT -m conntrack --ctstate NEW -j ACCEPT"} {
		words := strings.Fields(args)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%s: %v %s: without a rule that uses it conntrack sees no packet", args, err, out)
		}
	}
	c := New(Config{})
	before, err := c.Counters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	replyToNobody(t, 100)
	after, err := c.Counters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var totals Totals
	totals.Add(before)
	totals.Add(after)
	if n, known := totals.Of(Invalid); n < 100 || !known {
		t.Errorf("%d invalid packets (known: %t), want 100", n, known)
	}
	for _, e := range Events() {
		if _, known := totals.Of(e); !known && e != ChainTooLong && e != ClashResolve { // since Linux 5.15 and 5.10
			t.Errorf("this kernel does not count %s", e)
		}
	}

	conn, err := timo.Dial(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	theirs, err := conn.Stats()
	if err != nil || len(theirs) != len(after) {
		t.Fatalf("ti-mo/conntrack sees %d processors, not %d: %v", len(theirs), len(after), err)
	}
	for i, s := range theirs {
		want := CPU{Number: s.CPUID}
		for e, n := range map[Event]uint32{
			InsertFailed: s.InsertFailed, Drop: s.Drop, EarlyDrop: s.EarlyDrop, Invalid: s.Invalid, Error: s.Error,
			SearchRestart: s.SearchRestart,
		} {
			if want.Counts[e] = n; after[i].Counts[e] != n {
				t.Errorf("processor %d, %s: %d, ti-mo/conntrack says %d", s.CPUID, e, after[i].Counts[e], n)
			}
		}
		if after[i].Number != want.Number {
			t.Errorf("processor %d, ti-mo/conntrack says %d", after[i].Number, want.Number)
		}
	}

	// One line for each processor, hexadecimal, below the names of the columns.
	text, err := os.ReadFile("/proc/thread-self/net/stat/nf_conntrack")
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("not held against /proc/net/stat/nf_conntrack: this kernel has none (CONFIG_NF_CONNTRACK_PROCFS)")
		return
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	columns := strings.Fields(lines[0])
	for i, line := range lines[1:] {
		for j, word := range strings.Fields(line) {
			for _, e := range Events() {
				if columns[j] != map[Event]string{
					Invalid: "invalid", InsertFailed: "insert_failed", Drop: "drop", EarlyDrop: "early_drop",
					Error: "icmp_error", SearchRestart: "search_restart", ClashResolve: "clashres",
					ChainTooLong: "chaintoolong",
				}[e] {
					continue
				}
				if got := fmt.Sprintf("%08x", after[i].Counts[e]); got != word {
					t.Errorf("processor %d, %s: %s, /proc says %s", i, e, got, word)
				}
			}
		}
	}
}

// replyToNobody sends ICMP echo replies that nobody has asked for.
func replyToNobody(t *testing.T, n int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	reply := []byte{0, 0, 0xff, 0xff, 0, 0, 0, 0} // with its checksum
	for range n {
		if err := unix.Sendto(fd, reply, 0, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestExpectations(t *testing.T) {
	ownTable(t)
	if n, err := New(Config{}).Expectations(t.Context()); n != 0 || err != nil {
		t.Errorf("%d expectations, %v; want none", n, err)
	}
}

// TestWithoutCapability: what everybody may read is read, the rest says what is missing.
func TestWithoutCapability(t *testing.T) {
	ownTable(t)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		t.Fatal(err)
	}
	c := New(Config{})
	if s, err := c.Size(); err != nil || s.Limit == 0 {
		t.Errorf("%+v %v", s, err)
	}
	for what, err := range map[string]error{
		"pass": second(c.Pass(t.Context(), nil, 10)), "counters": second(c.Counters(t.Context())),
		"expectations": second(c.Expectations(t.Context())),
	} {
		if !errors.Is(err, ErrPermission) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
