//go:build lab

package ipvs

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// requireLab keeps these tests away from a table that somebody needs.
func requireLab(t *testing.T) {
	t.Helper()
	if os.Getenv("LVSDNS_LAB") == "" {
		t.Fatal("LVSDNS_LAB is not set: run this in the lab (go test -tags lab -exec bin/lab-run)")
	}
	ipvsadm(t, "", "-C")
	t.Cleanup(func() { ipvsadm(t, "", "-C") })
}

// labClient is patient: the lab shares its processor with whatever else runs on the machine.
func labClient(t *testing.T) *Client {
	t.Helper()
	c := New(Config{Timeout: 30 * time.Second})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// ipvsadm runs ipvsadm and returns what it prints.
func ipvsadm(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command("ipvsadm", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Fatalf("ipvsadm %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

const (
	labServices     = 300
	labDestinations = 3000
)

// TestReadsWhatIPVSAdmWrote holds every setting of a large table against the program that wrote it.
func TestReadsWhatIPVSAdmWrote(t *testing.T) {
	requireLab(t)
	want := randomTable(1, labServices, labDestinations)
	ipvsadm(t, strings.Join(rules(want, true), "\n")+"\n", "-R")

	c := labClient(t)
	got, err := c.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Duplicates != 0 {
		t.Errorf("%d duplicates in a table at rest", got.Duplicates)
	}
	compareTables(t, got.Entries, want)
}

// writeTable adds services with their destinations.
func writeTable(t *testing.T, c *Client, entries []TableEntry) {
	t.Helper()
	for _, e := range entries {
		if err := c.NewService(t.Context(), e.Service); err != nil {
			t.Fatal(err)
		}
		for _, d := range e.Destinations {
			if err := c.NewDestination(t.Context(), e.Service.ServiceKey, d); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestIPVSAdmReadsWhatWeWrote is the other direction.
func TestIPVSAdmReadsWhatWeWrote(t *testing.T) {
	requireLab(t)
	want := randomTable(2, labServices/5, labDestinations/5)
	c := labClient(t)
	writeTable(t, c, want)
	compareRules(t, ipvsadm(t, "", "-Sn"), want)

	// A table with the same keys, and everything else different.
	for i := range want {
		e := &want[i]
		e.Service.Scheduler, e.Service.Flags, e.Service.Netmask, e.Service.PEName = "wlc", Persistent, Netmask{}, ""
		e.Service.Timeout = 60_000_000_000
		if err := c.SetService(t.Context(), e.Service); err != nil {
			t.Fatal(err)
		}
		for j := range e.Destinations {
			d := &e.Destinations[j]
			d.Weight, d.UpperThreshold, d.LowerThreshold, d.Tunnel = 5, 9, 8, Tunnel{}
			if err := c.SetDestination(t.Context(), e.Service.ServiceKey, *d); err != nil {
				t.Fatal(err)
			}
		}
	}
	compareRules(t, ipvsadm(t, "", "-Sn"), want)
	got, err := c.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	compareTables(t, got.Entries, want)

	for _, e := range want {
		for _, d := range e.Destinations {
			existed, err := c.DeleteDestination(t.Context(), e.Service.ServiceKey, d.DestinationKey)
			if err != nil || !existed {
				t.Fatalf("delete %s: existed %v, %v", d.DestinationKey, existed, err)
			}
		}
		if existed, err := c.DeleteService(t.Context(), e.Service.ServiceKey); err != nil || !existed {
			t.Fatalf("delete %s: existed %v, %v", e.Service.ServiceKey, existed, err)
		}
	}
	if left := ipvsadm(t, "", "-Sn"); left != "" {
		t.Errorf("after all was deleted there is still\n%s", left)
	}
}

// TestProcShowsTheSame holds the reader without rights against the one with.
func TestProcShowsTheSame(t *testing.T) {
	requireLab(t)
	want := randomTable(3, labServices, labDestinations)
	ipvsadm(t, strings.Join(rules(want, true), "\n")+"\n", "-R")
	got, info, err := Proc("").Table()
	if err != nil {
		t.Fatal(err)
	}
	c := labClient(t)
	if wantInfo, err := c.Info(t.Context()); err != nil || info != wantInfo {
		t.Errorf("info %+v, netlink says %+v, %v", info, wantInfo, err)
	}
	for i := range want { // what the file does not hold
		s := &want[i].Service
		s.Timeout, s.PEName = 0, ""
		s.Flags &= Persistent | OnePacket
		if s.Family == IPv6 && s.FWMark == 0 {
			s.Flags &^= OnePacket
		}
		if s.FWMark != 0 {
			s.Netmask = Netmask{}
			s.Family = familyFrom(want[i].Destinations)
		}
		for j := range want[i].Destinations {
			d := &want[i].Destinations[j]
			d.Tunnel, d.UpperThreshold, d.LowerThreshold = Tunnel{}, 0, 0
		}
	}
	want, dropped := unique(want, compareEntries)
	if got.Duplicates != dropped {
		t.Errorf("%d duplicates, want %d", got.Duplicates, dropped)
	}
	compareTables(t, got.Entries, want)
}

// compareTables compares settings. What the kernel counts is zero here anyway, but for Wide and Hashed.
func compareTables(t *testing.T, got, want []TableEntry) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d services, want %d", len(got), len(want))
		return
	}
	for i, w := range want {
		g := got[i]
		g.Service.Flags, g.Service.Stats.Wide = g.Service.Flags.Settings(), false
		if g.Service != w.Service || g.Gone {
			t.Errorf("got  %s (gone: %v)\nwant %s", serviceRule(g.Service), g.Gone, serviceRule(w.Service))
		}
		for j := range g.Destinations {
			g.Destinations[j].Stats.Wide = false
		}
		if !slices.Equal(g.Destinations, w.Destinations) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", w.Service, g.Destinations, w.Destinations)
		}
		if t.Failed() {
			return // one is enough to understand, and a table is long
		}
	}
}

// compareRules compares the output of ipvsadm -Sn, in any order.
func compareRules(t *testing.T, out string, table []TableEntry) {
	t.Helper()
	got := strings.Split(strings.TrimSpace(out), "\n")
	for i := range got {
		got[i] = strings.TrimSpace(strings.ReplaceAll(got[i], " -pe ", " --pe "))
	}
	want := rules(table, false)
	slices.Sort(got)
	slices.Sort(want)
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("ipvsadm -Sn differs, from line %d:\ngot  %q\nwant %q",
				i, got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
			return
		}
	}
}
