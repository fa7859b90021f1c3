package notify

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestParseArguments(t *testing.T) {
	host := Subject{Kind: Host}
	tests := []struct {
		args string
		want Event
		err  string
	}{
		{args: "master", want: Event{Subject: host, State: Master}},
		{args: "backup", want: Event{Subject: host, State: Backup}},
		{args: "fault|VI_1", want: Event{Subject: Subject{Instance, "VI_1"}, State: Fault}},
		{args: "stop|a b", want: Event{Subject: Subject{Instance, "a b"}, State: Stop}},
		{args: "MASTER|VI_1", want: Event{Subject: Subject{Instance, "VI_1"}, State: Master}},
		{args: "deleted|VI_1", want: Event{Subject: Subject{Instance, "VI_1"}, State: Deleted}},
		{args: "master_rx_lower_pri|VI_1", want: Event{Subject: Subject{Instance, "VI_1"}, State: LowerPriority}},
		{args: "INSTANCE|VI_1|MASTER|150", want: Event{Subject: Subject{Instance, "VI_1"}, State: Master, Priority: 150}},
		{args: "GROUP|G \"1\"|FAULT|0", want: Event{Subject: Subject{Group, `G "1"`}, State: Fault}},
		{args: "INSTANCE|V|DELETED|1", want: Event{Subject: Subject{Instance, "V"}, State: Deleted, Priority: 1}},
		{args: "INSTANCE|MASTER|STOP|255", want: Event{Subject: Subject{Instance, "MASTER"}, State: Stop, Priority: 255}},

		{args: "", err: `no state: want master, backup, fault or stop, or INSTANCE NAME STATE PRIORITY`},
		{args: "slave", err: `"slave" is no state: want master, backup, fault or stop, or INSTANCE NAME STATE PRIORITY`},
		{args: "master|a|b", err: `master takes one name, not 2: put quotes around a name with blanks`},
		{args: "INSTANCE|V|MASTER", err: `INSTANCE wants NAME STATE PRIORITY after it, and 2 words are there; keepalived appends them to notify by itself`},
		{args: "INSTANCE|V|{UNKNOWN}|1", err: `"{UNKNOWN}" is no state that keepalived has`},
		{args: "INSTANCE|V|MASTER|high", err: `"high" is no priority: want a number from 0 to 255`},
		{args: "INSTANCE|V|MASTER|256", err: `"256" is no priority: want a number from 0 to 255`},
		{args: "GROUP||MASTER|0", err: `the name is empty`},
		{args: "master|a\nb", err: `"a\nb" is no name: it has characters that cannot be printed`},
	}
	for _, tt := range tests {
		var args []string
		if tt.args != "" {
			args = strings.Split(tt.args, "|")
		}
		got, err := ParseArguments(args)
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%q: %v\nwant %s", tt.args, err, tt.err)
			}
			continue
		}
		if err != nil || got != tt.want {
			t.Errorf("%q: %+v %v\nwant %+v", tt.args, got, err, tt.want)
		}
	}
}

func TestParseLine(t *testing.T) {
	vs := Virtual{Addr: netip.MustParseAddrPort("10.0.0.1:53"), Proto: "udp"}
	rs := netip.MustParseAddrPort("10.1.0.5:53")
	vrrp := func(k Kind, name string, s State, p int) Line {
		return Line{VRRP: &Event{Subject: Subject{k, name}, State: s, Priority: p}}
	}
	tests := []struct {
		line string
		want Line
		err  bool
	}{
		{line: `INSTANCE "VI_1" MASTER 100`, want: vrrp(Instance, "VI_1", Master, 100)},
		{line: `INSTANCE "a "b" c" BACKUP 90`, want: vrrp(Instance, `a "b" c`, Backup, 90)},
		{line: `GROUP "G1" FAULT 0`, want: vrrp(Group, "G1", Fault, 0)},
		{line: `INSTANCE "V" MASTER_RX_LOWER_PRI 100`, want: vrrp(Instance, "V", LowerPriority, 100)},
		{line: `INSTANCE "V" BACKUP_PRIORITY 120`, want: vrrp(Instance, "V", BackupPriority, 120)},
		{line: "\x00" + `INSTANCE "V" STOP 100` + "\x00", want: vrrp(Instance, "V", Stop, 100)},
		{line: `VS [10.0.0.1]:udp:53 UP`, want: Line{LVS: &ServerEvent{Server{Virtual: vs}, true}}},
		{line: "\x00" + `VS [10.0.0.1]:udp:53 DOWN`, want: Line{LVS: &ServerEvent{Server{Virtual: vs}, false}}},
		{line: `RS [10.1.0.5]:udp:53 [10.0.0.1]:udp:53 DOWN`, want: Line{LVS: &ServerEvent{Server{vs, rs}, false}}},
		{line: `VS FWM 10 UP`, want: Line{LVS: &ServerEvent{Server{Virtual: Virtual{Mark: 10}}, true}}},
		{line: `RS [10.1.0.5]:none:53 FWM 10 UP`, want: Line{LVS: &ServerEvent{Server{Virtual{Mark: 10}, rs}, true}}},
		{line: `VS [dns]:0 UP`, want: Line{LVS: &ServerEvent{Server{Virtual: Virtual{Group: "dns"}}, true}}},
		{line: `RS [fd00::5]:tcp:53 [my group]:1 UP`, want: Line{LVS: &ServerEvent{Server{Virtual{Group: "my group", Port: 1}, netip.MustParseAddrPort("[fd00::5]:53")}, true}}},
		{line: ``, err: true},
		{line: `INSTANCE VI_1 MASTER 100`, err: true},
		{line: `INSTANCE "VI_1 MASTER 100`, err: true},
		{line: `INSTANCE "VI_1" MASTER`, err: true},
		{line: `INSTANCE "VI_1" {UNKNOWN} 100`, err: true},
		{line: `INSTANCE "VI_1" MASTER 100INSTANCE "VI_2" MASTER 100`, err: true},
		{line: `STANCE "VI_1" MASTER 100`, err: true},
		{line: `VS UP`, err: true},
		{line: `VS [10.0.0.1]:udp:99999 UP`, err: true},
		{line: `VS [10.0.0.1]:udp:53 up`, err: true},
		{line: `RS [10.1.0.5]:udp:53 UP`, err: true},
		{line: `VS FWM 0 UP`, err: true},
	}
	for _, tt := range tests {
		got, err := ParseLine(tt.line)
		switch {
		case (err != nil) != tt.err:
			t.Errorf("%q: error %v", tt.line, err)
		case err != nil:
		case tt.want.VRRP != nil && (got.VRRP == nil || *got.VRRP != *tt.want.VRRP):
			t.Errorf("%q: %+v", tt.line, got.VRRP)
		case tt.want.LVS != nil && (got.LVS == nil || *got.LVS != *tt.want.LVS):
			t.Errorf("%q: %+v", tt.line, got.LVS)
		}
	}
}

// TestSplitter cuts the same bytes at every place.
func TestSplitter(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	text := "one\n\x00two\n\n\x00\n" + long + "\nthree\nhalf"
	for cut := range len(text) {
		var s Splitter
		var got []string
		tooLong := s.Add([]byte(text[:cut]), func(l string) { got = append(got, l) })
		tooLong += s.Add([]byte(text[cut:]), func(l string) { got = append(got, l) })
		if strings.Join(got, "|") != "one|two|three" || tooLong != 1 {
			t.Fatalf("cut at %d: %.200q, %d too long", cut, got, tooLong)
		}
		if !s.End() || s.End() {
			t.Fatalf("cut at %d: the half line at the end", cut)
		}
		s.Add([]byte("four\n"), func(l string) { got = append(got, l) })
		if got[len(got)-1] != "four" {
			t.Fatalf("cut at %d: after the end: %q", cut, got)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add(`INSTANCE "VI_1" MASTER 100`)
	f.Add("\x00" + `RS [10.1.0.5]:udp:53 [10.0.0.1]:udp:53 DOWN`)
	f.Add(`VS FWM 10 UP`)
	f.Add(`VS [g]:1 UP`)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLine(text)
		if err != nil {
			return
		}
		if (l.VRRP == nil) == (l.LVS == nil) {
			t.Errorf("%q: %+v", text, l)
		}
		if l.LVS != nil && l.LVS.Virtual == (Virtual{}) {
			t.Errorf("%q names no virtual server", text)
		}
	})
}

func TestMarks(t *testing.T) {
	at := func(ms, pid int) Mark { return Mark{time.Duration(ms) * time.Millisecond, pid} }
	for _, tt := range []struct {
		a, b Mark
		want int
	}{
		{at(10, 5), at(20, 4), -1},
		{at(20, 4), at(10, 5), 1},
		{at(10, 4), at(10, 5), -1},
		{at(10, 32767), at(10, 300), -1}, // the process IDs began anew
		{at(10, 0), at(10, 300), 0},
	} {
		if got := tt.a.compare(tt.b); got != tt.want {
			t.Errorf("%v with %v: %d", tt.a, tt.b, got)
		}
	}
	stat := "1234 (a) b (c) S 1 1234 1234 0 -1 4194560 90 0 0 0 0 0 0 0 20 0 1 0 8871 1 2 3"
	if got, ok := bornOf([]byte(stat)); !ok || got != 88710*time.Millisecond {
		t.Errorf("born %v %v", got, ok)
	}
	own := OwnMark()
	if now := SinceBoot(); own.Born <= 0 || own.Born > now || now-own.Born > time.Hour {
		t.Errorf("this process was born %v after boot, and it is %v", own.Born, now)
	}
}

func TestWords(t *testing.T) {
	inner := errors.New("inner")
	if err := Because("outer", inner); err.Error() != "outer: inner" || !errors.Is(err, inner) {
		t.Error(err)
	}
	for got, want := range map[string]string{
		quote("äöü\n", 2): `"äö"`, quote("a", 2): `"a"`, quote("", 2): `""`, quote("\xff\xff", 1): `"\xff"`,
		padded(12, 4): "0012", padded(12345, 4): "12345",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
