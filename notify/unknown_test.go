package notify

import (
	"strings"
	"testing"
)

// TestUnknown: a name that keepalived.conf does not have is a mistake, unless keepalived may have dropped it, or nobody has read the file.
func TestUnknown(t *testing.T) {
	conf := &Configured{File: "/etc/keepalived/keepalived.conf", Instances: []Owner{{Name: "VI_1"}}, Groups: []Grouping{{Name: "VG_1"}}}
	for _, tt := range []struct {
		name  string
		conf  *Configured
		event Event
		want  string // in the line; empty: there is none
	}{
		{"an instance", conf, Event{Subject: Subject{Instance, "VI_1"}, State: Master}, ""},
		{"a group", conf, Event{Subject: Subject{Group, "VG_1"}, State: Backup}, ""},
		{"nobody", conf, Event{Subject: Subject{Kind: Host}, State: Master}, ""},
		{"a typing mistake", conf, Event{Subject: Subject{Instance, "VI_l"}, State: Master}, `instance "VI_l" is not in /etc/keepalived/keepalived.conf; the event is noted`},
		{"how to forget it", conf, Event{Subject: Subject{Instance, "VI_l"}, State: Backup}, `lvsdns-notify deleted "VI_l"`},
		{"a group as an instance", conf, Event{Subject: Subject{Instance, "VG_1"}, State: Master}, "which has a group of that name"},
		{"an instance as a group", conf, Event{Subject: Subject{Group, "VI_1"}, State: Master}, `lvsdns-notify GROUP "VI_1" DELETED 0`},
		{"one that was dropped", conf, Event{Subject: Subject{Instance, "VI_0"}, State: Deleted}, ""},
		{"one that was dropped, by an older keepalived", conf, Event{Subject: Subject{Instance, "VI_0"}, State: Fault}, ""},
		{"before the file was read", nil, Event{Subject: Subject{Instance, "VI_0"}, State: Master}, ""},
		{"a file that cannot be read", &Configured{File: "/x", Stamps: []Stamp{{Path: "/x"}}}, Event{Subject: Subject{Instance, "VI_0"}, State: Master}, ""},
	} {
		if got := tt.conf.Unknown(tt.event); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
