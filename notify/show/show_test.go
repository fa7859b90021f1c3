package show

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

var (
	began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	vi    = notify.Subject{Kind: notify.Instance, Name: "VI_DNS"}
)

// busy is a host on which everything has happened.
func busy() *notify.Document {
	address := notify.Address{Addr: netip.MustParseAddr("192.0.2.53"), Interfaces: []string{"eth0"}}
	other := notify.Address{Addr: netip.MustParseAddr("192.0.2.54"), Interfaces: []string{"eth0"}}
	d := &notify.Document{Written: began.Add(9 * time.Second), Discards: 1, Discarded: "line 3: a line is too short"}
	d.Configured = &notify.Configured{
		Instances: []notify.Owner{{Name: "VI_DNS", Addresses: []notify.Address{address, other}}, {Name: "VI_BARE"}},
		Groups:    []notify.Grouping{{Name: "VG", Members: []string{"VI_DNS", "VI_BARE"}}},
	}
	for n, state := range []notify.State{notify.Backup, notify.Master, notify.LowerPriority} {
		d.Add(notify.Event{Subject: vi, State: state, Priority: 150, Source: notify.Script, Mark: notify.Mark{Born: time.Duration(n+5) * time.Second, PID: n + 5}, At: began.Add(time.Duration(n) * time.Second)})
	}
	d.Add(notify.Event{Subject: vi, State: notify.Fault, Source: notify.Script, Mark: notify.Mark{Born: time.Second, PID: 1}, At: began.Add(3 * time.Second)})
	d.Settle([]notify.Held{{Addr: address.Addr, Interface: "eth0"}}, began.Add(4*time.Second))
	d.Note(notify.ActionNote{Subject: vi, Action: "sysctl", State: notify.Master, OK: true, Result: "it is 10", At: began.Add(5 * time.Second), Seconds: 0.0123})
	d.Note(notify.ActionNote{Subject: vi, Action: "haproxy", State: notify.Master, Result: "no such socket", At: began.Add(5 * time.Second), Seconds: 2})
	d.Found("net.x", "30", began)
	d.Serve(notify.ServerEvent{Server: notify.Server{Virtual: notify.Virtual{Mark: 7}, Real: netip.MustParseAddrPort("192.0.2.21:53")}, Up: true}, notify.FIFO, began)
	d.Serve(notify.ServerEvent{Server: notify.Server{Virtual: notify.Virtual{Group: "dns", Port: 53}}}, notify.FIFO, began)
	d.Reader = &notify.ReaderNote{PID: 4711, Lines: 10, Garbage: 1, Resyncs: 2, Why: "the FIFO was full", At: began}
	d.Agreements = []notify.Agreement{{
		Subject: vi, Owner: true, At: began,
		Parts: []notify.Part{{Name: "haproxy", Detail: "web/s1"}, {Name: "ipvs", Active: true}},
	}}
	return d
}

func TestText(t *testing.T) {
	var out bytes.Buffer
	if err := Text(&out, busy(), began.Add(65*time.Second)); err != nil {
		t.Fatal(err)
	}
	want := `SUBJECT           STATE    SINCE     KEEPALIVED SAYS   ADDRESSES HELD  TRANSITIONS  NOTE
instance VI_DNS   partial  1m1s ago  master, 1m4s ago  1 of 2          3            the addresses and keepalived disagree
instance VI_BARE  unknown  1m1s ago  nothing           -               0            
group VG          partial  1m1s ago  nothing           0 of 1          0            

ACTION   FOR              STATE   LAST RUN  TOOK  FAILED  RESULT
sysctl   instance VI_DNS  master  1m0s ago  12ms  0 of 1  done: it is 10
haproxy  instance VI_DNS  master  1m0s ago  2s    1 of 1  FAILED: no such socket

AGREEMENT        OWNER  AGREES  PARTS
instance VI_DNS  true   false   haproxy passive (web/s1), ipvs active

SERVER                  UP     SINCE     CHANGES
192.0.2.21:53 of FWM 7  true   1m5s ago  1
[dns]:53                false  1m5s ago  1

SYSCTL  BEFORE IT WAS SET
net.x   30

reader of FIFOs: process 4711, 10 lines, 1 of no meaning, looked again 2 times, last 1m5s ago: the FIFO was full

an earlier journal was put aside: line 3: a line is too short

EVENT                                 STATE                PRIORITY  FROM    NOTE
2026-01-02T03:04:05Z instance VI_DNS  backup               150       script  
2026-01-02T03:04:06Z instance VI_DNS  master               150       script  
2026-01-02T03:04:07Z instance VI_DNS  master_rx_lower_pri  150       script  
2026-01-02T03:04:08Z instance VI_DNS  fault                0         script  came after a newer one
`
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
}

// TestLastEvents: people are shown the newest ten.
func TestLastEvents(t *testing.T) {
	d := &notify.Document{}
	for n := range 30 {
		d.Add(notify.Event{Subject: vi, State: []notify.State{notify.Master, notify.Backup}[n%2], Mark: notify.Mark{Born: time.Duration(n+1) * time.Second}, At: began.Add(time.Duration(n) * time.Hour)})
	}
	var out bytes.Buffer
	if err := Text(&out, d, began); err != nil {
		t.Fatal(err)
	}
	_, events, _ := strings.Cut(out.String(), "EVENT")
	if n := strings.Count(events, "instance VI_DNS"); n != 10 || !strings.Contains(events, began.Add(29*time.Hour).Format(time.RFC3339)) || strings.Contains(events, began.Add(19*time.Hour).Format(time.RFC3339)) {
		t.Errorf("%d events\n%s", n, events)
	}
}

// TestNothing: of a host where nothing has happened there is a line for people, and no null for programs.
func TestNothing(t *testing.T) {
	var out bytes.Buffer
	if err := Text(&out, &notify.Document{}, began); err != nil || out.String() != "keepalived has not said anything yet\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	out.Reset()
	if err := JSON(&out, &notify.Document{}); err != nil || strings.Contains(out.String(), "null") {
		t.Errorf("%s, %v", out.String(), err)
	}
}

// TestJSON reads what programs read: names of fields are public.
func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if err := JSON(&out, busy()); err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(out.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"written", "generation", "subjects", "actions", "agreements", "servers", "sysctls", "reader", "late", "discards", "discarded", "events"} {
		if all[key] == nil {
			t.Errorf("there is no %s", key)
		}
		delete(all, key)
	}
	if len(all) != 0 {
		t.Errorf("nobody was told of %v", all)
	}
	var s State
	if err := json.Unmarshal(out.Bytes(), &s); err != nil || len(s.Subjects) != 3 || len(s.Events) != 4 || s.Late != 1 || !s.Events[3].Late {
		t.Errorf("%+v, %v", s, err)
	}
	if !strings.Contains(out.String(), `"kind": "instance",`) || !strings.Contains(out.String(), `"owner": true,`) || strings.Contains(out.String(), `"Past"`) {
		t.Errorf("%s", out.String())
	}
}

// full is a disk that takes nothing.
type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestFull(t *testing.T) {
	if err := Text(full{}, busy(), began); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if err := JSON(full{}, busy()); !errors.Is(err, errFull) {
		t.Error(err)
	}
}
