package notify

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// host makes a document of an event for each word, NAME=STATE, in this order; a name in capitals alone is a group's.
func host(words ...string) *Document {
	d := &Document{}
	for n, w := range words {
		name, state, _ := strings.Cut(w, "=")
		s := Subject{Instance, name}
		switch name {
		case "G":
			s.Kind = Group
		case "":
			s.Kind = Host
		}
		d.Add(event(s, State(state), n+1))
	}
	return d
}

// TestAdd counts events, each once, and keeps as many as are shown.
func TestAdd(t *testing.T) {
	d := host("A=master", "A=backup")
	late := event(Subject{Instance, "A"}, Fault, 1)
	late.PID = 0 // of the same moment, and nobody knows which process
	d.Add(late)
	d.Add(event(Subject{Instance, "A"}, Backup, 2))
	if d.Generation != 3 || d.Late != 1 || len(d.Past) != 3 || d.Record(Subject{Instance, "A"}).Said != Backup {
		t.Errorf("%d events, %d late, %q", d.Generation, d.Late, d.Past)
	}
	if events := d.History(); len(events) != 3 || !events[2].Late || events[1].Late {
		t.Errorf("%+v", events)
	}
	d.Past = append(d.Past, []byte("instance nonsense"))
	if len(d.History()) != 3 {
		t.Error("a line that can't be read is an event")
	}

	d = &Document{}
	for n := range 3 * maxHistory {
		d.Add(event(Subject{Instance, "A"}, []State{Master, Backup}[n%2], n+1))
	}
	if h := d.History(); len(h) != maxHistory || h[0].PID != 2*maxHistory+1 || d.Generation != 3*maxHistory {
		t.Errorf("%d events are kept, from %d on", len(h), h[0].PID)
	}
}

// TestTooMany: names that somebody makes up do not fill the journal, and those that are known go on.
func TestTooMany(t *testing.T) {
	d := &Document{}
	for n := range maxRecords + 10 {
		d.Add(event(Subject{Instance, fmt.Sprint("VI", n)}, Master, n+1))
	}
	d.Add(event(Subject{Instance, "VI0"}, Backup, maxRecords+100))
	if len(d.Records) != maxRecords || d.Generation != maxRecords+1 || d.Record(Subject{Instance, "VI0"}).Said != Backup {
		t.Errorf("%d records, %d events", len(d.Records), d.Generation)
	}
	for n := range maxRecords + 10 {
		d.Serve(ServerEvent{Server: Server{Virtual: Virtual{Mark: uint32(n + 1)}}, Up: true}, FIFO, time.Unix(1, 0))
	}
	if len(d.Servers) != maxRecords {
		t.Errorf("%d servers", len(d.Servers))
	}
}

// TestAdopt has events without a name that came before keepalived.conf was read: those that can be about one subject only are its.
func TestAdopt(t *testing.T) {
	d := host("=master", "=fault", "=backup")
	a, b := Subject{Instance, "A"}, Subject{Instance, "B"}
	d.Configured = &Configured{
		Instances: []Owner{{Name: "A"}, {Name: "B"}},
		Nameless:  map[State][]Subject{Master: {a}, Backup: {a}, Fault: {a, b}},
	}
	d.Settle(nil, time.Unix(9, 0))
	r, left := d.Record(a), d.Record(Subject{Kind: Host})
	if r == nil || r.Said != Backup || r.Total() != 2 || d.Record(b).Said != "" {
		t.Errorf("%+v", r)
	}
	if left == nil || len(left.Recent) != 1 || left.Recent[0].State != Fault {
		t.Errorf("%+v", left)
	}
	var names []string
	for _, e := range d.History() {
		names = append(names, e.Subject.String()+" "+string(e.State))
	}
	if got := strings.Join(names, ", "); got != "host fault, instance A master, instance A backup" {
		t.Error(got)
	}

	d = host("=master")
	d.Configured = &Configured{Instances: []Owner{{Name: "A"}}, Nameless: map[State][]Subject{Master: {a}}}
	d.Settle(nil, time.Unix(9, 0))
	if d.Record(Subject{Kind: Host}) != nil || d.Record(a).Said != Master {
		t.Errorf("%+v", d.Records)
	}
}

// TestReboot: what an earlier boot has said does not count, and what has been counted does.
func TestReboot(t *testing.T) {
	full := func() *Document {
		d := host("A=master", "A=backup")
		d.Boot = "first"
		d.Records[0].Acted = Acted{Backup, 2}
		d.Serve(ServerEvent{Up: true}, FIFO, time.Unix(1, 0))
		d.Found("k", "v", time.Unix(1, 0))
		d.Reader, d.Agreements = &ReaderNote{PID: 1}, []Agreement{{}}
		d.Note(ActionNote{Action: "a"})
		return d
	}
	d := full()
	d.Reboot("first")
	if r := d.Records[0]; r.Said != Backup || r.Acted.State != Backup || len(d.Servers)+len(d.Sysctls)+len(d.Agreements) != 3 || d.Reader == nil {
		t.Errorf("the same boot: %+v", d)
	}
	d.Reboot("second")
	r := d.Records[0]
	if d.Boot != "second" || r.Said != "" || r.Acted != (Acted{}) || len(r.Recent) != 0 || len(d.Servers)+len(d.Sysctls)+len(d.Agreements) != 0 || d.Reader != nil {
		t.Errorf("another boot: %+v", d)
	}
	if r.Total() != 2 || len(d.Actions) != 1 || d.Generation != 3 {
		t.Errorf("what was counted is gone: %+v", d)
	}
}

// TestNotes: of an action there is the last result, of a kernel setting the first value.
func TestNotes(t *testing.T) {
	d := &Document{}
	a, b := Subject{Instance, "A"}, Subject{Group, "A"}
	for _, n := range []ActionNote{
		{Subject: a, Action: "x", OK: true, Runs: 99}, {Subject: a, Action: "x", Result: "broken"}, {Subject: a, Action: "y"}, {Subject: b, Action: "x", OK: true},
	} {
		d.Note(n)
	}
	var got []string
	for _, n := range d.Actions {
		got = append(got, fmt.Sprintf("%s %s %t %d/%d", n.Subject, n.Action, n.OK, n.Failures, n.Runs))
	}
	if want := "instance A x false 1/2, instance A y false 1/1, group A x true 0/1"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", got, want)
	}
	d.Found("a", "1", time.Unix(1, 0))
	d.Found("a", "2", time.Unix(2, 0))
	d.Found("b", "3", time.Unix(3, 0))
	if fmt.Sprint(d.Sysctls) != fmt.Sprint([]SysctlFound{{"a", "1", time.Unix(1, 0)}, {"b", "3", time.Unix(3, 0)}}) {
		t.Error(d.Sysctls)
	}
}

// TestServe: what is said again is no change, and the time is that of the last change.
func TestServe(t *testing.T) {
	d := &Document{}
	s := Server{Virtual: Virtual{Mark: 7}, Real: netip.MustParseAddrPort("192.0.2.21:53")}
	for n, tt := range []struct {
		up      bool
		from    Source
		changed bool
	}{{true, FIFO, true}, {true, FIFO, false}, {false, Resync, true}, {false, FIFO, false}, {true, FIFO, true}} {
		if got := d.Serve(ServerEvent{Server: s, Up: tt.up}, tt.from, time.Unix(int64(n), 0)); got != tt.changed {
			t.Errorf("%d: changed %t", n, got)
		}
		if note := d.Servers[0]; note.Up != tt.up || note.Source != tt.from {
			t.Errorf("%d: %+v", n, note)
		}
	}
	if n := d.Servers[0]; len(d.Servers) != 1 || n.Changes != 3 || !n.At.Equal(time.Unix(4, 0)) || d.Generation != 5 {
		t.Errorf("%+v, %d", n, d.Generation)
	}
}

// TestStoppedForAll: who has said stop or deleted itself has not to be told again, and the host as a whole has no state.
func TestStoppedForAll(t *testing.T) {
	d := host("A=master", "B=stop", "C=deleted", "G=backup", "=fault")
	d.record(Subject{Instance, "silent"})
	d.Stopped(time.Unix(9, 0), time.Hour)
	got := map[string]State{}
	for _, r := range d.Records {
		got[r.Name+"/"+string(r.Kind)] = r.Said
	}
	want := map[string]State{"A/instance": Stop, "B/instance": Stop, "C/instance": Deleted, "G/group": Stop, "/host": Fault, "silent/instance": ""}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if h := d.History(); h[len(h)-1].Source != Resync || h[len(h)-1].Born != time.Hour || !h[len(h)-1].At.Equal(time.Unix(9, 0)) {
		t.Errorf("%+v", h)
	}
}

// TestConfiguredSettled: a file that has changed this moment may change again within the tick of its stamp.
func TestConfiguredSettled(t *testing.T) {
	now := time.Unix(100, 0)
	stamp := func(ago time.Duration) Stamp { return Stamp{Path: "x", Time: now.Add(-ago).UnixNano()} }
	for _, tt := range []struct {
		stamps []Stamp
		want   bool
	}{
		{nil, true},
		{[]Stamp{stamp(time.Hour)}, true},
		{[]Stamp{stamp(20 * time.Millisecond)}, true},
		{[]Stamp{stamp(time.Hour), stamp(19 * time.Millisecond)}, false},
		{[]Stamp{stamp(-time.Hour)}, false}, // of a clock that was ahead
		{[]Stamp{{Path: "none", Time: -1}}, true},
	} {
		if got := (&Configured{Stamps: tt.stamps}).Settled(now); got != tt.want {
			t.Errorf("%v: %t", tt.stamps, got)
		}
	}
}

// TestSettledApart: what is settled by other addresses leaves the document as it is, to the last slice.
func TestSettledApart(t *testing.T) {
	d := host("A=master", "=backup", "B=fault")
	a := Subject{Instance, "A"}
	d.Configured = &Configured{Instances: []Owner{{Name: "A", Addresses: []Address{{Addr: netip.MustParseAddr("192.0.2.1")}}}}}
	d.Settle(nil, time.Unix(5, 0))
	d.Add(event(Subject{Kind: Host}, Stop, 9))
	before, lines := fmt.Sprintf("%+v", *d.Record(a)), slices.Clone(d.Past)
	other := &Configured{
		Instances: []Owner{{Name: "A", Addresses: []Address{{Addr: netip.MustParseAddr("192.0.2.9")}}}},
		Nameless:  map[State][]Subject{Stop: {a}, Backup: {a}},
	}
	out := d.Settled(other, []Held{{netip.MustParseAddr("192.0.2.9"), "eth0"}}, time.Unix(6, 0))
	if r := out.Record(a); r.State != Master || r.Said != Stop || !r.Disagree || !r.Since.Equal(time.Unix(6, 0)) {
		t.Errorf("%+v", r)
	}
	if after := fmt.Sprintf("%+v", *d.Record(a)); after != before {
		t.Errorf("the document had\n%s\nand has\n%s", before, after)
	}
	if !slices.EqualFunc(d.Past, lines, func(x, y []byte) bool { return string(x) == string(y) }) || d.Configured == other || len(d.Records) != 3 {
		t.Errorf("%q", d.Past)
	}
	if r := d.Settled(nil, []Held{{netip.MustParseAddr("192.0.2.1"), "eth0"}}, time.Unix(6, 0)).Record(a); r.State != Master || r.Disagree {
		t.Errorf("by its own configuration: %+v", r)
	}
}
