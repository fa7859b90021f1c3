package notify

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

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
}

func TestParseEvent(t *testing.T) {
	long := strings.Repeat("x", 1025)
	for _, tt := range []struct {
		words string // with bars between them
		want  string
	}{
		{"INSTANCE|VI_1|MASTER|150", "instance VI_1 master 150"},
		{"GROUP|a b|FAULT|0", "group a b fault 0"},
		{"INSTANCE|V|MASTER_RX_LOWER_PRI|1", "instance V master_rx_lower_pri 1"},
		{"INSTANCE|V|BACKUP_PRIORITY|255", "instance V backup_priority 255"},
		{"INSTANCE|V|Stop|1", "instance V stop 1"},
		{"INSTANCE||MASTER|150", "the name is empty"},
		{"INSTANCE|a\nb|MASTER|150", `"a\nb" is no name: it has characters that cannot be printed`},
		{"INSTANCE|a\x7f|MASTER|150", `"a\x7f" is no name: it has characters that cannot be printed`},
		{"INSTANCE|" + long + "|MASTER|150", "a name of 1025 bytes: keepalived's are at most 1024"},
		{"INSTANCE|V|PARTIAL|150", `"PARTIAL" is no state that keepalived has`},
		{"INSTANCE|V|UNKNOWN|150", `"UNKNOWN" is no state that keepalived has`},
		{"INSTANCE|V||150", `"" is no state that keepalived has`},
		{"INSTANCE|V|MASTER|-1", `"-1" is no priority: want a number from 0 to 255`},
		{"INSTANCE|V|MASTER|256", `"256" is no priority: want a number from 0 to 255`},
		{"INSTANCE|V|MASTER|", `"" is no priority: want a number from 0 to 255`},
	} {
		w := strings.Split(tt.words, "|")
		e, err := ParseEvent(w[0], w[1], w[2], w[3])
		got := fmt.Sprint(e.Subject, " ", e.State, " ", e.Priority)
		if err != nil {
			if got = err.Error(); e != (Event{}) {
				t.Errorf("%.40q: an error and %+v", tt.words, e)
			}
		}
		if got != tt.want {
			t.Errorf("%.40q: %s, want %s", tt.words, got, tt.want)
		}
	}
}

// TestStates: what keepalived reports is a state, and what it tells besides is news.
func TestStates(t *testing.T) {
	for _, s := range States() {
		if got, ok := ParseState(strings.ToUpper(string(s))); got != s || !ok || !s.IsState() {
			t.Errorf("%s: %s, %t", s, got, ok)
		}
	}
	for _, s := range []State{LowerPriority, MasterPriority, BackupPriority} {
		if got, ok := ParseState(string(s)); got != s || !ok || s.IsState() || slices.Contains(States(), s) {
			t.Errorf("%s: %s, %t", s, got, ok)
		}
	}
	for _, word := range []string{"", "partial", "unknown", "slave", "master "} {
		if s, ok := ParseState(word); ok {
			t.Errorf("%q is %s", word, s)
		}
	}
	for want, s := range map[string]Subject{"host": {Kind: Host}, "group G": {Group, "G"}, "instance a b": {Instance, "a b"}} {
		if s.String() != want {
			t.Errorf("%s, want %s", s, want)
		}
	}
}

// TestEventLine writes events and reads them again, and refuses what is no event.
func TestEventLine(t *testing.T) {
	for _, e := range []Event{
		{},
		event(Subject{Instance, "VI 1"}, Master, 7),
		{Subject: Subject{Group, "a \"b\" \\ ö\n"}, State: Fault, Priority: 255, Source: FIFO, Mark: Mark{time.Hour, 1 << 22}, At: time.Unix(5, 7).UTC(), Late: true},
		{Subject: Subject{Kind: Host}, State: LowerPriority, Source: Resync, Mark: Mark{Born: -1}},
	} {
		text := EncodeEvent(e)
		got, err := DecodeEvent(string(text))
		if err != nil || !got.At.Equal(e.At) || strings.ContainsAny(string(text), "\n") {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if got.At = e.At; got != e {
			t.Errorf("%s: %+v, want %+v", text, got, e)
		}
	}
	for _, text := range []string{"", "instance", `instance "V"`, `instance V master 1 script 1 1 1 false`, `instance "V" master x script 1 1 1 false`, `instance "V" master 1 script 1 1 1 maybe`} {
		if e, err := DecodeEvent(text); err == nil || e != (Event{}) || !strings.Contains(err.Error(), "is no event") {
			t.Errorf("%q: %+v, %v", text, e, err)
		}
	}
}
