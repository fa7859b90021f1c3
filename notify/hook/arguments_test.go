package hook

import (
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/notify"
)

func TestParseArguments(t *testing.T) {
	of := func(k notify.Kind, name string) notify.Subject { return notify.Subject{Kind: k, Name: name} }
	host := notify.Subject{Kind: notify.Host}
	tests := []struct {
		args string
		want notify.Event
		err  string
	}{
		{args: "master", want: notify.Event{Subject: host, State: notify.Master}},
		{args: "backup", want: notify.Event{Subject: host, State: notify.Backup}},
		{args: "fault|VI_1", want: notify.Event{Subject: of(notify.Instance, "VI_1"), State: notify.Fault}},
		{args: "stop|a b", want: notify.Event{Subject: of(notify.Instance, "a b"), State: notify.Stop}},
		{args: "MASTER|VI_1", want: notify.Event{Subject: of(notify.Instance, "VI_1"), State: notify.Master}},
		{args: "deleted|VI_1", want: notify.Event{Subject: of(notify.Instance, "VI_1"), State: notify.Deleted}},
		{args: "master_rx_lower_pri|VI_1", want: notify.Event{Subject: of(notify.Instance, "VI_1"), State: notify.LowerPriority}},
		{args: "INSTANCE|VI_1|MASTER|150", want: notify.Event{Subject: of(notify.Instance, "VI_1"), State: notify.Master, Priority: 150}},
		{args: "GROUP|G \"1\"|FAULT|0", want: notify.Event{Subject: of(notify.Group, `G "1"`), State: notify.Fault}},
		{args: "INSTANCE|V|DELETED|1", want: notify.Event{Subject: of(notify.Instance, "V"), State: notify.Deleted, Priority: 1}},
		{args: "INSTANCE|MASTER|STOP|255", want: notify.Event{Subject: of(notify.Instance, "MASTER"), State: notify.Stop, Priority: 255}},

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
