package host

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestReadSoftnet(t *testing.T) {
	for _, test := range []struct {
		name, text, online string
		want               []Softnet
	}{
		{
			name: "Linux 6.18: processors 0 and 2",
			text: "00022765 00000002 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000004 00000005 00000006 00000000 00000002 00000004\n" +
				"ffffffff 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000002 00000000 00000000\n",
			online: "0-1", // is not asked
			want: []Softnet{
				{CPU: 0, Processed: 0x22765, Dropped: 2, TimeSqueeze: 1, ReceivedRPS: 4, FlowLimit: 5, Backlog: 6, HasBacklog: true},
				{CPU: 2, Processed: 0xffffffff, HasBacklog: true},
			},
		},
		{
			name: "Linux 5.15: 13 numbers",
			text: "00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000009 0000000a\n",
			want: []Softnet{{CPU: 10, Processed: 1, Backlog: 9, HasBacklog: true}},
		},
		{
			name:   "Linux 4.18: 11 numbers, and who is online says the rest",
			text:   strings.Repeat("00000001 00000002 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000004 00000005\n", 3),
			online: "0,2-3\n",
			want: []Softnet{
				{CPU: 0, Processed: 1, Dropped: 2, TimeSqueeze: 3, ReceivedRPS: 4, FlowLimit: 5},
				{CPU: 2, Processed: 1, Dropped: 2, TimeSqueeze: 3, ReceivedRPS: 4, FlowLimit: 5},
				{CPU: 3, Processed: 1, Dropped: 2, TimeSqueeze: 3, ReceivedRPS: 4, FlowLimit: 5},
			},
		},
		{
			name:   "9 numbers, and one went online just now",
			text:   "00000001 00000002 00000003 00000000 00000000 00000000 00000000 00000000 00000000\n",
			online: "0-1\n",
			want:   []Softnet{{CPU: -1, Processed: 1, Dropped: 2, TimeSqueeze: 3}},
		},
		{
			name: "10 numbers, and nobody says who is online",
			text: "00000001 00000002 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000004\n",
			want: []Softnet{{CPU: -1, Processed: 1, Dropped: 2, TimeSqueeze: 3, ReceivedRPS: 4}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{"proc/net/softnet_stat": test.text}
			if test.online != "" {
				files["sys/devices/system/cpu/online"] = test.online
			}
			if got, err := ReadSoftnet(below(t, files)); err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
	for text, want := range map[string]string{
		"1 2 3 4 5 6 7 8\n":             "line 1: 8 numbers, want at least 9",
		"\n1 2 3 4 5 6 7 8 x\n":         `line 2: not a number: "x"`,
		"1 2 3 4 5 6 7 8 100000000\n":   `line 1: not a number: "100000000"`,
		"1 2 3 4 5 6 7 8 9\n-1 2 3 4\n": "line 2: 4 numbers, want at least 9",
	} {
		if got, err := parseSoftnet(text); err == nil || err.Error() != want {
			t.Errorf("%q: %+v, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"0-3,8": "[0 1 2 3 8]", "0": "[0]", "": "[]", "3-1": "[]", "0-": "[]", "0-99999999": "[]",
		"0-60000,0-60000": "[]", "a": "[]",
	} {
		if got := fmt.Sprint(parseCPUs(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestSoftnetTotals has counters wrap and processors come and go.
func TestSoftnetTotals(t *testing.T) {
	row := func(cpu int, processed, dropped uint32) Softnet {
		return Softnet{CPU: cpu, Processed: processed, Dropped: dropped}
	}
	const top = 1<<32 - 1
	type step struct {
		rows      []Softnet
		processed uint64 // in all
		dropped   uint64
		cpus      string // processed by each
	}
	for _, test := range []struct {
		name  string
		steps []step
	}{
		{"the first reading is the kernel's sum", []step{
			{[]Softnet{row(0, 10, 1), row(1, 20, 0)}, 30, 1, "0:10 1:20"},
		}},
		{"wraps, of both counters and on both processors", []step{
			{[]Softnet{row(0, top-5, top), row(1, top, 0)}, 2*top - 5, top, "0:4294967290 1:4294967295"},
			{[]Softnet{row(0, 4, 0), row(1, top, 0)}, 2*top + 5, top + 1, "0:4294967300 1:4294967295"},
			{[]Softnet{row(0, 3, 0), row(1, 0, 0)}, 3*top + 6, top + 1, "0:8589934595 1:4294967296"},
		}},
		{"a processor goes offline and comes back", []step{
			{[]Softnet{row(0, 10, 0), row(1, 20, 2)}, 30, 2, "0:10 1:20"},
			{[]Softnet{row(0, 15, 0)}, 35, 2, "0:15 1:20"},
			{[]Softnet{row(0, 15, 0), row(1, 21, 3)}, 36, 3, "0:15 1:21"},
		}},
		{"it went while its counter wrapped", []step{
			{[]Softnet{row(0, 10, 0), row(1, top, 0)}, top + 10, 0, "0:10 1:4294967295"},
			{[]Softnet{row(0, 10, 0)}, top + 10, 0, "0:10 1:4294967295"},
			{[]Softnet{row(0, 10, 0), row(1, 1, 0)}, top + 12, 0, "0:10 1:4294967297"},
		}},
		{"a new processor", []step{
			{[]Softnet{row(0, 10, 0)}, 10, 0, "0:10"},
			{[]Softnet{row(0, 10, 0), row(7, 5, 1)}, 15, 1, "0:10 7:5"},
		}},
		{"the order of rows does not matter", []step{
			{[]Softnet{row(0, 10, 0), row(1, 20, 0)}, 30, 0, "0:10 1:20"},
			{[]Softnet{row(1, 21, 0), row(0, 11, 0)}, 32, 0, "0:11 1:21"},
		}},
		{"no rows at all", []step{
			{nil, 0, 0, ""},
			{[]Softnet{row(0, 10, 0)}, 10, 0, "0:10"},
			{nil, 10, 0, "0:10"},
		}},
		{"without numbers", []step{
			{[]Softnet{row(-1, 10, 0), row(-1, top, 0)}, top + 10, 0, ""},
			{[]Softnet{row(-1, 11, 0), row(-1, 0, 0)}, top + 12, 0, ""},
			// One is gone, and nobody knows which: no wrap is made of it.
			{[]Softnet{row(-1, 5, 0)}, top + 12, 0, ""},
			{[]Softnet{row(-1, 7, 0)}, top + 14, 0, ""},
		}},
		{"the numbers cannot be had once", []step{
			{[]Softnet{row(0, 10, 0), row(1, 20, 0)}, 30, 0, "0:10 1:20"},
			{[]Softnet{row(-1, 11, 0)}, 30, 0, "0:10 1:20"},
			{[]Softnet{row(0, 12, 0), row(1, 20, 0)}, 32, 0, "0:12 1:20"},
		}},
		{"the numbers can be had later", []step{
			{[]Softnet{row(-1, 10, 0), row(-1, 20, 0)}, 30, 0, ""},
			{[]Softnet{row(0, 11, 0), row(1, 20, 0)}, 30, 0, "0:0 1:0"},
			{[]Softnet{row(0, 12, 0), row(1, 20, 0), row(2, 3, 0)}, 34, 0, "0:1 1:0 2:3"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var totals SoftnetTotals
			for i, s := range test.steps {
				totals.Add(s.rows)
				var cpus []string
				for _, c := range totals.CPUs() {
					cpus = append(cpus, fmt.Sprintf("%d:%d", c.CPU, c.Processed))
				}
				if sum := totals.Sum(); sum.Processed != s.processed || sum.Dropped != s.dropped || strings.Join(cpus, " ") != s.cpus {
					t.Errorf("step %d: %d processed, %d dropped, %q; want %d, %d, %q", i, sum.Processed, sum.Dropped, cpus, s.processed, s.dropped, s.cpus)
				}
			}
		})
	}
}

func TestSoftnetBacklog(t *testing.T) {
	var totals SoftnetTotals
	if n, known := totals.Backlog(); known {
		t.Errorf("%d packets wait, before any reading", n)
	}
	totals.Add([]Softnet{
		{CPU: 0, Backlog: 3, HasBacklog: true}, {CPU: 1, Backlog: 1 << 31, HasBacklog: true},
		{CPU: 2, Backlog: 1 << 31, HasBacklog: true},
	})
	if n, known := totals.Backlog(); !known || n != 1<<32+3 {
		t.Errorf("%d packets wait, %t", n, known)
	}
	totals.Add([]Softnet{{CPU: 0}})
	if n, known := totals.Backlog(); known {
		t.Errorf("%d packets wait, and the kernel does not tell", n)
	}
}

func FuzzCounters(f *testing.F) {
	for _, text := range []string{snmpText, netstatText, snmp6Text, "1 2 3 4 5 6 7 8 9 a b c d e f\n", "0-3,8"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := parseSNMP(text); err != nil && c != nil {
			t.Errorf("%v and %v", c, err)
		}
		if c, err := parseSNMP6(text); err != nil && c != nil {
			t.Errorf("%v and %v", c, err)
		}
		if cpus := parseCPUs(text); len(cpus) > maxCPUs {
			t.Errorf("%d processors", len(cpus))
		}
		rows, err := parseSoftnet(text)
		if err != nil {
			return
		}
		var totals SoftnetTotals
		last := SoftnetSum{}
		for _, part := range [][]Softnet{rows, rows[len(rows)/2:], rows} {
			number(part, parseCPUs("0-3"))
			totals.Add(part)
			now := totals.Sum()
			if now.Processed < last.Processed || now.Dropped < last.Dropped || now.TimeSqueeze < last.TimeSqueeze {
				t.Errorf("a sum fell: %+v, then %+v", last, now)
			}
			last = now
			totals.CPUs()
		}
	})
}
