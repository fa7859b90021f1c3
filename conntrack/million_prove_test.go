//go:build prove

package conntrack

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/flowtest"
)

const million = 1_000_000

// raiseLimit lets the tables of this host have more entries, until the test ends. There is one limit for all namespaces, which only the
// first may write: so it is written from threads that are not the test's own.
func raiseLimit(t *testing.T, limit int) {
	t.Helper()
	const name = "/proc/sys/net/netfilter/nf_conntrack_max"
	write := func(text string) error {
		done := make(chan error)
		go func() { done <- os.WriteFile(name, []byte(text), 0) }()
		return <-done
	}
	old, err := os.ReadFile(name)
	if err != nil {
		t.Skipf("no connection tracking here: %v", err)
	}
	if err := write(fmt.Sprint(limit)); err != nil {
		t.Skipf("cannot raise the limit of entries: %v", err)
	}
	t.Cleanup(func() {
		if err := write(string(old)); err != nil {
			t.Error(err)
		}
	})
}

// TestMillion counts a million flows of a thousand services, and holds every number against the plain count, and a few against
// conntrack(8).
func TestMillion(t *testing.T) {
	raiseLimit(t, million+100_000)
	ownTable(t)
	s := newScene(4, 1000, million)
	fill(t, million, func(i int) flowtest.Flow { return s.flows[i] })
	c := New(Config{Timeout: time.Minute})
	pass, err := c.Pass(t.Context(), s.services, million)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries took %v, %v of them processor time", pass.Entries(), pass.Took, pass.CPU)
	if pass.Entries() != million {
		t.Errorf("%d entries", pass.Entries())
	}
	for i, want := range quickly(s) {
		if pass.Services[i] != want {
			t.Errorf("%v: %+v, want %+v", s.services[i].At, pass.Services[i], want)
		}
	}
	// conntrack(8) lists all of them by service and state; awk counts.
	out, err := exec.Command("sh", "-c", `conntrack -L -p udp 2>/dev/null | awk '{
		state = "replied"
		if (/UNREPLIED/) state = "unreplied"
		if (/ASSURED/) state = "assured"
		sub(/.*dst=/, "", $5); sub(/.*dport=/, "", $7)
		print $5 " " state }' | sort | uniq -c`).Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{}
	for _, m := range regexp.MustCompile(`(\d+) (\S+ \w+)`).FindAllStringSubmatch(string(out), -1) {
		theirs[m[2]] = m[1]
	}
	compared := 0
	for i, v := range s.services {
		for state := range states {
			want := theirs[v.At.Addr().String()+" "+state.String()]
			if got := fmt.Sprint(pass.Services[i].ByState[state]); v.At.Addr().Is4() && got != want {
				t.Errorf("%v %v: %s, conntrack -L has %s", v.At, state, got, want)
			} else if v.At.Addr().Is4() {
				compared++
			}
		}
	}
	t.Logf("%d numbers as in conntrack -L", compared)
}

// quickly is expect for a million flows: by service first.
func quickly(s scene) []Count {
	at := map[netip.Addr]int{}
	for i, v := range s.services {
		at[v.At.Addr()] = i
	}
	by := make([][]flowtest.Flow, len(s.services))
	for _, f := range s.flows {
		if i, ok := at[f.Service.Addr()]; ok {
			by[i] = append(by[i], f)
		}
	}
	counts := make([]Count, len(s.services))
	for i, flows := range by {
		counts[i] = scene{services: s.services[i : i+1]}.expect(flows)[0]
	}
	return counts
}

func TestMillionUnderChurn(t *testing.T) {
	raiseLimit(t, million+100_000)
	ownTable(t)
	passesUnderChurn(t, million, 5)
}

// TestOtherNamespaces has a million entries in one namespace and ten in another: a pass over the ten walks over the million, and its
// time says so. lvsdns-exporter waits longer after a pass that took 20 ms and 25 µs for each entry.
func TestOtherNamespaces(t *testing.T) {
	raiseLimit(t, million+100_000)
	ownTable(t)
	s := newScene(5, 10, million)
	fill(t, million, func(i int) flowtest.Flow { return s.flows[i] })
	dense, err := New(Config{}).Pass(t.Context(), s.services, million)
	if err != nil {
		t.Fatal(err)
	}
	openTable(t) // keeps the first namespace, and its entries, until the test ends
	ownTable(t)
	fill(t, 10, func(i int) flowtest.Flow { return s.flows[i] })
	sparse, err := New(Config{}).Pass(t.Context(), s.services, million)
	if err != nil || sparse.Entries() != 10 {
		t.Fatalf("%d entries, %v", sparse.Entries(), err)
	}
	t.Logf("%v for %d entries, %v for %d", dense.CPU, dense.Entries(), sparse.CPU, sparse.Entries())
	if each := dense.CPU / time.Duration(dense.Entries()); each > 25*time.Microsecond {
		t.Errorf("%v for each entry of a namespace that owns them all", each)
	}
	if sparse.CPU < 20*time.Millisecond {
		t.Errorf("%v for ten entries among a million", sparse.CPU)
	}
}
