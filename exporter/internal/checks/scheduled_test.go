package checks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

func TestScheduled(t *testing.T) {
	beat, none := rhythm{found: true, gap: 10 * time.Second}, rhythm{}
	in, out, was, unknown := plan{known: true, now: true, once: true}, plan{known: true}, plan{known: true, once: true}, plan{}
	for _, tt := range []struct {
		name   string
		plan   plan
		rhythm rhythm
		silent time.Duration
		want   bool
	}{
		{"keepalived.conf has it", in, none, 0, true},
		{"keepalived.conf has it, and it has stopped", in, beat, 23 * time.Hour, true},
		{"tried by hand", out, none, 0, false},
		{"a script of keepalived's, or cron", out, beat, 0, true},
		{"the same, and it has stopped", out, beat, 23 * time.Hour, true},
		{"taken out of keepalived.conf, which was not reloaded", was, beat, 10 * time.Second, true},
		{"taken out of keepalived.conf", was, beat, 2 * time.Minute, false},
		{"taken out of keepalived.conf before it had a rhythm", was, none, 10 * time.Second, false},
		{"keepalived.conf can't be read, and it has no rhythm yet", unknown, none, 0, false},
		{"keepalived.conf can't be read", unknown, beat, time.Hour, true},
		{"keepalived.conf can't be read any more", plan{once: true}, none, time.Hour, true},
	} {
		if got := scheduled(tt.plan, tt.rhythm, tt.silent); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
	for silent, want := range map[time.Duration]string{0: "true true", shownByHand: "true true", shownByHand + 1: "true false"} {
		if got := fmt.Sprint(stillShown(true, silent), stillShown(false, silent)); got != want {
			t.Errorf("silent for %s: shown %s, want %s", silent, got, want)
		}
	}
}

// TestRhythm has the gaps between runs, in seconds.
func TestRhythm(t *testing.T) {
	for _, tt := range []struct {
		name string
		gaps []float64
		want bool
	}{
		{"once", nil, false},
		{"twice", []float64{30}, false},
		{"every ten seconds, for a short time", slices.Repeat([]float64{10}, 5), false},
		{"every ten seconds", slices.Repeat([]float64{10}, 6), true},
		{"every second, for a short time", slices.Repeat([]float64{1}, 59), false},
		{"every second", slices.Repeat([]float64{1}, 60), true},
		{"every five minutes, four times", slices.Repeat([]float64{300}, 4), false},
		{"every five minutes, five times", slices.Repeat([]float64{300}, 5), true},
		{"with a deadline now and then", []float64{10, 14, 10, 12, 14, 10}, true},
		{"by hand", []float64{5, 40, 8, 20, 3, 60, 9, 4, 90, 7}, false},
		{"by hand, in haste", []float64{3, 4, 3, 4, 3, 4}, false},
		{"a rhythm that ends", append(slices.Repeat([]float64{10}, 6), 3600, 5), true},
		{"a rhythm after trials", append([]float64{5, 40, 8}, slices.Repeat([]float64{15}, 5)...), true},
	} {
		var r rhythm
		now := time.Unix(0, 0)
		r.run(now)
		for _, gap := range tt.gaps {
			now = now.Add(time.Duration(gap * float64(time.Second)))
			r.run(now)
		}
		if r.found != tt.want {
			t.Errorf("%s: %t", tt.name, r.found)
		}
	}
}

// TestPlanned has lines of MISC_CHECKs, and the reports that are theirs.
func TestPlanned(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"/usr/bin/lvsdns-check 192.0.2.21", "{192.0.2.21:53 . SOA udp rip}"},
		{"/usr/bin/lvsdns-check --name example.com --type A --transport both 192.0.2.21:5353", "{192.0.2.21:5353 example.com. A both rip}"},
		{"/usr/bin/lvsdns-check-tls --transport tls [2001:db8::21]", "{[2001:db8::21]:853 . SOA tls rip}"},
		{"/usr/bin/lvsdns-check --question 'a.example SOA' --question 'b.example NS NXDOMAIN' 192.0.2.21", "{192.0.2.21:53 a.example. SOA udp rip} {192.0.2.21:53 b.example. NS udp rip}"},
		{"/usr/bin/lvsdns-check --nosuch 192.0.2.21", ""},
		{"/usr/bin/lvsdns-check --tsig k:hmac-sha256:/nonexistent 192.0.2.21", ""},
		{"/etc/keepalived/check.sh 192.0.2.21", ""},
	} {
		text := fmt.Sprintf("virtual_server 192.0.2.53 53 {\n\treal_server 192.0.2.21 53 {\n\t\tMISC_CHECK {\n\t\t\tmisc_path \"%s\"\n\t\t}\n\t}\n}\n", tt.line)
		cfg, err := keepalived.Load("k", keepalived.Options{FS: fstest.MapFS{"k": {Data: []byte(text)}}})
		if err != nil {
			t.Fatal(err)
		}
		p := NewPlanned()
		var got []string
		for k := range p.Of(cfg) {
			got = append(got, fmt.Sprint(k))
		}
		if slices.Sort(got); strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
		if again := p.Of(cfg); len(again) != len(got) {
			t.Errorf("%s: %d the second time", tt.line, len(again))
		}
	}
	if (&Planned{}).Of(nil) != nil {
		t.Error("no configuration is not one without checks")
	}
}
