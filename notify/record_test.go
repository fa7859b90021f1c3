package notify

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func event(s Subject, state State, n int) Event {
	return Event{Subject: s, State: state, Source: Script, Mark: Mark{time.Duration(n) * 10 * time.Millisecond, n}, At: time.Unix(int64(n), 0)}
}

// TestOrderOfArrival has the same events come in many orders: what is counted and what is newest is always the same.
func TestOrderOfArrival(t *testing.T) {
	vi := Subject{Instance, "VI"}
	states := []State{Backup, Master, Backup, Fault, Fault, Backup, Master, Backup, Master, Stop, Backup, Master}
	var events []Event
	want := map[State]uint64{}
	last := State("")
	for i, s := range states {
		events = append(events, event(vi, s, i+1))
		if s != last {
			want[s]++
			last = s
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 500 {
		var d Document
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		for _, e := range events {
			d.Add(e)
			if random.IntN(4) == 0 {
				d.Add(e) // somebody who is not sure says it again
			}
		}
		r := d.Record(vi)
		if r.Said != Master || !reflect.DeepEqual(r.Transitions, want) || d.Generation != uint64(len(events)) {
			t.Fatalf("round %d: %s %v, want %v", round, r.Said, r.Transitions, want)
		}
		if !slices.IsSortedFunc(r.Recent, func(a, b Recent) int { return a.compare(b.Mark) }) {
			t.Fatalf("round %d: not sorted", round)
		}
	}
}

// TestOnlyMaster has keepalived.conf with nothing but notify_master: the way back is never heard of.
func TestOnlyMaster(t *testing.T) {
	var d Document
	vi := Subject{Instance, "VI"}
	for _, n := range []int{100, 101, 500, 501, 900} { // in ticks: notify and notify_master, twice, then one of them
		d.Add(event(vi, Master, n))
	}
	if r := d.Record(vi); r.Total() != 3 {
		t.Errorf("%+v", r.Transitions)
	}
	fromFIFO := event(vi, Master, 2000)
	fromFIFO.Source = FIFO // all is heard there: it is said again, after a reload
	d.Add(fromFIFO)
	if r := d.Record(vi); r.Total() != 3 {
		t.Errorf("%+v", r.Transitions)
	}
}

func TestNews(t *testing.T) {
	var d Document
	vi := Subject{Instance, "VI"}
	d.Add(event(vi, Master, 1))
	lower := event(vi, LowerPriority, 2)
	lower.Priority = 90
	d.Add(lower)
	r := d.Record(vi)
	if r.Said != Master || r.Total() != 1 || r.News[LowerPriority] != 1 || r.Priority != 90 {
		t.Errorf("%+v", r)
	}
}

func TestSettle(t *testing.T) {
	a1, a2, a6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::1")
	owner := func(name string, addrs ...netip.Addr) Owner {
		o := Owner{Name: name}
		for _, a := range addrs {
			o.Addresses = append(o.Addresses, Address{a, []string{"eth0"}})
		}
		return o
	}
	conf := &Configured{
		Instances: []Owner{owner("A", a1, a6), owner("B", a2), owner("none")},
		Groups:    []Grouping{{"G", []string{"A", "B"}}},
	}
	on := func(dev string, addrs ...netip.Addr) []Held {
		var all []Held
		for _, a := range addrs {
			all = append(all, Held{a, dev})
		}
		return all
	}
	tests := []struct {
		name string
		said [4]State // A, B, none, G
		held []Held
		want string
	}{
		{"owner", [4]State{Master, Master, Master, Master}, on("eth0", a1, a2, a6), "master master master master"},
		{"nobody said so yet", [4]State{}, on("eth0", a1, a2, a6), "master master unknown master"},
		{"a late backup", [4]State{Backup, Master, Backup, Backup}, on("eth0", a1, a2, a6), "master! master! backup master!"},
		{"the addresses are gone", [4]State{Master, Master, Master, Master}, nil, "backup! backup! master backup!"},
		{"fault", [4]State{Fault, Backup, Fault, Fault}, nil, "fault fault fault fault"},
		{"stopped", [4]State{Stop, Stop, Stop, Stop}, nil, "stop stop stop stop"},
		{"half of the addresses", [4]State{Master, Master, Master, Master}, on("eth0", a1, a2), "partial! master master partial!"},
		{"the group is split", [4]State{Master, Backup, Master, Master}, on("eth0", a1, a6), "master backup! master partial!"},
		{"as a real server, on lo", [4]State{Backup, Backup, Backup, Backup}, on("lo", a1, a2, a6), "backup backup backup backup"},
		{"on a foreign interface", [4]State{Backup, Backup, Backup, Backup}, on("eth1", a1, a2, a6), "backup backup backup backup"},
	}
	for _, tt := range tests {
		d := Document{Configured: conf}
		for i, s := range []Subject{{Instance, "A"}, {Instance, "B"}, {Instance, "none"}, {Group, "G"}} {
			if tt.said[i] != "" {
				d.Add(event(s, tt.said[i], i+1))
			}
		}
		d.Settle(tt.held, time.Unix(1, 0))
		var got string
		for i, s := range []Subject{{Instance, "A"}, {Instance, "B"}, {Instance, "none"}, {Group, "G"}} {
			r := d.Record(s)
			if i > 0 {
				got += " "
			}
			got += string(r.State)
			if r.Disagree {
				got += "!"
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestLastWord has the script of an instance that keepalived did not wait for: the word of the group is newer.
func TestLastWord(t *testing.T) {
	a, g := Subject{Instance, "A"}, Subject{Group, "G"}
	conf := &Configured{Instances: []Owner{{"A", []Address{{netip.MustParseAddr("192.0.2.1"), []string{"eth0"}}}}}, Groups: []Grouping{{"G", []string{"A"}}}}
	for _, tt := range []struct{ name, events, want string }{
		{"the instance was not heard", "A master 1, G master 2, G stop 3", "A stop, G stop"},
		{"the group was not heard", "A master 1, G master 2, A stop 3", "A stop, G stop"},
		{"both were heard", "A master 1, G master 2, A fault 3, G fault 4", "A fault, G fault"},
		{"nobody was heard", "A master 1, G master 2", "A backup!, G backup!"},
	} {
		d := Document{Configured: conf}
		for _, line := range strings.Split(tt.events, ", ") {
			var name, state string
			var n int
			if _, err := fmt.Sscan(line, &name, &state, &n); err != nil {
				t.Fatal(err)
			}
			d.Add(event(map[string]Subject{"A": a, "G": g}[name], State(state), n))
		}
		d.Settle(nil, time.Unix(9, 0))
		var got []string
		for _, s := range []Subject{a, g} {
			r := d.Record(s)
			line := s.Name + " " + string(r.State)
			if r.Disagree {
				line += "!"
			}
			got = append(got, line)
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
}

// TestStopped is the end of a keepalived that nobody has heard of.
func TestStopped(t *testing.T) {
	var d Document
	a, b := Subject{Instance, "A"}, Subject{Instance, "B"}
	d.Add(event(a, Master, 1))
	d.Add(event(b, Stop, 2))
	d.Stopped(time.Unix(5, 0), time.Second)
	if ra, rb := d.Record(a), d.Record(b); ra.Said != Stop || ra.Total() != 2 || rb.Total() != 1 || d.Generation != 3 {
		t.Errorf("%+v %+v", ra, rb)
	}
}

// TestNameless has an event that names nobody.
func TestNameless(t *testing.T) {
	vi := Subject{Instance, "VI_1"}
	one := &Configured{Nameless: map[State][]Subject{Master: {vi}}}
	d := Document{Configured: one}
	d.Add(event(Subject{Kind: Host}, Master, 1))
	if r := d.Record(vi); r == nil || r.Said != Master {
		t.Error("the only instance with such a script was not found")
	}
	d.Add(event(Subject{Kind: Host}, Backup, 2))
	if r := d.Record(Subject{Kind: Host}); r == nil || r.Said != Backup {
		t.Error("an event that nobody can be found for is the host's")
	}
}

func TestForget(t *testing.T) {
	d := Document{Configured: &Configured{Stamps: []Stamp{{}}}}
	d.Add(event(Subject{Instance, "old"}, Stop, 1))
	d.Add(event(Subject{Instance, "new"}, Stop, 7200))
	d.Add(event(Subject{Instance, "master"}, Master, 1))
	d.Settle(nil, time.Unix(7300, 0))
	var left []string
	for _, r := range d.Records {
		left = append(left, r.Name)
	}
	if fmt.Sprint(left) != "[new master]" {
		t.Error(left)
	}
}
