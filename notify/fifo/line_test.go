package fifo

import (
	"net/netip"
	"testing"

	"github.com/lvsdns/lvsdns/notify"
)

func TestParseLine(t *testing.T) {
	vs := notify.Virtual{Addr: netip.MustParseAddrPort("10.0.0.1:53"), Proto: "udp"}
	rs := netip.MustParseAddrPort("10.1.0.5:53")
	vrrp := func(k notify.Kind, name string, s notify.State, p int) Line {
		return Line{VRRP: &notify.Event{Subject: notify.Subject{Kind: k, Name: name}, State: s, Priority: p}}
	}
	none := netip.AddrPort{}
	server := func(v notify.Virtual, real netip.AddrPort, up bool) Line {
		return Line{LVS: &notify.ServerEvent{Server: notify.Server{Virtual: v, Real: real}, Up: up}}
	}
	tests := []struct {
		line string
		want Line
		err  bool
	}{
		{line: `INSTANCE "VI_1" MASTER 100`, want: vrrp(notify.Instance, "VI_1", notify.Master, 100)},
		{line: `INSTANCE "a "b" c" BACKUP 90`, want: vrrp(notify.Instance, `a "b" c`, notify.Backup, 90)},
		{line: `GROUP "G1" FAULT 0`, want: vrrp(notify.Group, "G1", notify.Fault, 0)},
		{line: `INSTANCE "V" MASTER_RX_LOWER_PRI 100`, want: vrrp(notify.Instance, "V", notify.LowerPriority, 100)},
		{line: `INSTANCE "V" BACKUP_PRIORITY 120`, want: vrrp(notify.Instance, "V", notify.BackupPriority, 120)},
		{line: "\x00" + `INSTANCE "V" STOP 100` + "\x00", want: vrrp(notify.Instance, "V", notify.Stop, 100)},
		{line: `VS [10.0.0.1]:udp:53 UP`, want: server(vs, none, true)},
		{line: "\x00" + `VS [10.0.0.1]:udp:53 DOWN`, want: server(vs, none, false)},
		{line: `RS [10.1.0.5]:udp:53 [10.0.0.1]:udp:53 DOWN`, want: server(vs, rs, false)},
		{line: `VS FWM 10 UP`, want: server(notify.Virtual{Mark: 10}, none, true)},
		{line: `RS [10.1.0.5]:none:53 FWM 10 UP`, want: server(notify.Virtual{Mark: 10}, rs, true)},
		{line: `VS [dns]:0 UP`, want: server(notify.Virtual{Group: "dns"}, none, true)},
		{line: `RS [fd00::5]:tcp:53 [my group]:1 UP`, want: server(notify.Virtual{Group: "my group", Port: 1}, netip.MustParseAddrPort("[fd00::5]:53"), true)},
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
		if l.LVS != nil && l.LVS.Virtual == (notify.Virtual{}) {
			t.Errorf("%q names no virtual server", text)
		}
	})
}
