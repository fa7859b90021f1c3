package journal

import (
	"bytes"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// oneOfEach is a document with one of everything that a journal holds.
func oneOfEach() *notify.Document {
	at := time.Unix(5, 7).UTC()
	vi, g := notify.Subject{Kind: notify.Instance, Name: "VI 1"}, notify.Subject{Kind: notify.Group, Name: "G"}
	d := &notify.Document{Version: version, Boot: "b c", Written: at, Late: 2, Discards: 1, Discarded: "line 3: a \"b\"\nc"}
	d.Configured = &notify.Configured{
		File: "/etc/k a.conf", Stamps: []notify.Stamp{{Path: "/etc/k a.conf", Time: -1, Size: 5, Ino: 6}},
		Instances: []notify.Owner{
			{Name: vi.Name, Addresses: []notify.Address{
				{Addr: netip.MustParseAddr("192.0.2.1"), Interfaces: []string{"eth0", "vrrp.51"}},
				{Addr: netip.MustParseAddr("2001:db8::1")},
			}},
			{Name: "none"},
		},
		Groups:   []notify.Grouping{{Name: "G", Members: []string{"VI 1", "none"}}},
		Nameless: map[notify.State][]notify.Subject{notify.Master: {vi}},
	}
	for n, s := range []notify.State{notify.Master, notify.Backup, notify.LowerPriority} {
		e := event(vi, s, n+1)
		e.Priority, e.At = 100, at
		d.Add(e)
	}
	r := d.Records[0]
	r.Acted, r.Since, r.State, r.Disagree = notify.Acted{State: notify.Master, Transitions: 1}, at, notify.Backup, true
	d.Note(notify.ActionNote{Subject: vi, Action: "sysctl 2", State: notify.Master, Result: "it \"is\"", At: at, Seconds: 0.125})
	d.Found("a.b", "1 2", at)
	for _, s := range []notify.Server{
		{Virtual: notify.Virtual{Addr: netip.MustParseAddrPort("192.0.2.1:53"), Proto: "udp"}, Real: netip.MustParseAddrPort("[2001:db8::1]:53")},
		{Virtual: notify.Virtual{Group: "g h", Port: 1}},
		{Virtual: notify.Virtual{Mark: 7}},
	} {
		d.Serve(notify.ServerEvent{Server: s, Up: s.Real.IsValid()}, notify.FIFO, at)
	}
	d.Reader = &notify.ReaderNote{PID: 1, Started: at, Lines: 2, Garbage: 3, Resyncs: 4, Why: "the FIFO\nwas full", At: at}
	d.Agreements = []notify.Agreement{{Subject: g, Owner: true, Parts: []notify.Part{{Name: "haproxy", Active: true}, {Name: "ipvs", Detail: "a b"}}, At: at}}
	return d
}

// TestCodec writes a journal with one of everything and reads it again.
func TestCodec(t *testing.T) {
	d := oneOfEach()
	text := encode(d)
	got, err := decode(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !reflect.DeepEqual(got, d) {
		t.Errorf("%s\n%+v\n%+v", text, got, d)
	}
	if again := encode(got); !bytes.Equal(again, text) {
		t.Errorf("%s\n%s", text, again)
	}
	for n := range text {
		if _, err := decode(text[:n]); err == nil {
			t.Fatalf("%d bytes of it are taken for a journal", n)
		}
	}
	if len(got.History()) != 3 {
		t.Error(got.History())
	}
}

// TestOldText reads a journal as the version before this one has written it, and writes the same: a hook goes on with what an older one has
// left, and the other way round.
func TestOldText(t *testing.T) {
	text := `journal 1 "b c" 3 5000000007 2 1 "line 3: a \"b\"\nc"
conf "/etc/k a.conf"
stamp "/etc/k a.conf" -1 5 6
owner "VI 1" 192.0.2.1 "eth0,vrrp.51" 2001:db8::1 ""
owner "none"
group "G" "VI 1" "none"
nameless master instance "VI 1"
record instance "VI 1" backup 5000000007 backup 5000000007 100 0 0 true master 1 5000000007 2 backup 1 master 1 1 master_rx_lower_pri 1 10000000 1 master script 20000000 2 backup script
action instance "VI 1" "sysctl 2" master false "it \"is\"" 5000000007 0.125 1 1 public
sysctl "a.b" "1 2" 5000000007
server 192.0.2.1:53 udp 0 "" 0 [2001:db8::1]:53 true fifo 5000000007 1
server - - 7 "" 0 - false resync 5000000007 1
reader 1 5000000007 2 3 4 "the FIFO\nwas full" 5000000007
agreement group "G" true false 5000000007 "haproxy" true "" "ipvs" false "a b"
event instance "VI 1" master 100 script 10000000 1 5000000007 false
event instance "VI 1" backup 100 script 20000000 2 5000000007 true
end
`
	d, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if again := encode(d); string(again) != text {
		t.Errorf("%s\nwant\n%s", again, text)
	}
	if events := d.History(); len(events) != 2 || !events[1].Late || events[0].Mark != (notify.Mark{Born: 10 * time.Millisecond, PID: 1}) {
		t.Errorf("%+v", events)
	}
}

func FuzzDecodeDocument(f *testing.F) {
	d := notify.Document{Boot: "b"}
	d.Add(event(notify.Subject{Kind: notify.Instance, Name: "VI"}, notify.Master, 1))
	text := encode(&d)
	f.Add(text)
	f.Add([]byte("journal 1 \"b\" 1 0 0 0 \"\"\nconf \"/c\"\nowner \"a\" 192.0.2.1 \"eth0\"\nend\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := decode(text)
		if err != nil {
			return
		}
		d.History()
		d.Add(event(notify.Subject{Kind: notify.Instance, Name: "VI"}, notify.Backup, 2))
		d.Settle(nil, time.Unix(0, 0))
		again := encode(d)
		if _, err := decode(again); err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
	})
}
