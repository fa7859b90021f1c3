package checks

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
)

const oneReport = `{"server":"198.51.100.1:53","name":"example.com.","type":"SOA","transport":"udp","path":"rip","outcome":"pass","reason":"fine","rcode":"NOERROR","flags":["aa"],"answers":1,"size":80,"latency_seconds":0.001,"attempts":1,"weight":null,"exit_status":0,"exit_mode":"misc","time":1.5,"duration_seconds":0.002}`

func TestHeartbeat(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(oneReport, old) {
			t.Fatalf("%q is not in the report", old)
		}
		return strings.Replace(oneReport, old, new, 1)
	}
	for _, tt := range []struct {
		name, datagram string
		want           verdict
	}{
		{"as it is sent", oneReport, Accepted},
		{"a key of tomorrow", replace(`"answers":1`, `"colour":[{}]`), Accepted},
		{"no server", replace("198.51.100.1:53", ""), Accepted},
		{"IPv6", replace("198.51.100.1:53", "[2001:db8::1]:53"), Accepted},
		{"no rcode", replace(`"NOERROR"`, "null"), Accepted},
		{"an rcode nobody knows", replace("NOERROR", "RCODE4000"), Accepted},
		{"empty", "", Malformed},
		{"no JSON", "pass", Malformed},
		{"zero bytes", strings.Repeat("\x00", 100), Malformed},
		{"a list", "[]", Malformed},
		{"cut", oneReport[:len(oneReport)/2], Malformed},
		{"twice", oneReport + oneReport, Malformed},
		{"nothing in it", "{}", Malformed},
		{"a server that is a name", replace("198.51.100.1:53", "ns1.example.com:53"), Malformed},
		{"a server without port", replace("198.51.100.1:53", "198.51.100.1"), Malformed},
		{"a server with a long zone", replace("198.51.100.1", "[fe80::1%"+strings.Repeat("x", 200)+"]"), Malformed},
		{"an interface", replace("198.51.100.1", "[fe80::1%bond0.100]"), Accepted},
		{"an interface with a name that Linux forbids", replace("198.51.100.1", "[fe80::1%e/h]"), Malformed},
		{"an interface with a blank", replace("198.51.100.1", "[fe80::1%e h]"), Malformed},
		{"an interface with a new line", replace("198.51.100.1", `[fe80::1%a\nb]`), Malformed},
		{"an interface that writes in red", replace("198.51.100.1", `[fe80::1%\u001b[31m]`), Malformed},
		{"an interface with a letter that is none", replace("198.51.100.1", "[fe80::1%\xff]"), Malformed},
		{"a new line in the name", replace("example.com.", `a\nb`), Malformed},
		{"a letter that is none", replace("example.com.", "\xff"), Malformed},
		{"an umlaut", replace("example.com.", "ä."), Malformed},
		{"a long name", replace("example.com.", strings.Repeat("x", 1101)), Malformed},
		{"a long type", replace("SOA", strings.Repeat("A", 17)), Malformed},
		{"a transport nobody knows", replace(`"udp"`, `"smoke"`), Malformed},
		{"a path nobody knows", replace(`"rip"`, `"moon"`), Malformed},
		{"an outcome nobody knows", replace(`"pass"`, `"great"`), Malformed},
		{"a negative duration", replace("0.002", "-1"), Malformed},
		{"an endless duration", replace("0.002", "1e9"), Malformed},
		{"a duration that is text", replace("0.002", `"2"`), Malformed},
		{"a duration too large for a number", replace("0.002", "1e400"), Malformed},
		{"no latency and a weight", strings.Replace(replace(`"latency_seconds":0.001`, `"latency_seconds":null`), `"weight":null`, `"weight":40`, 1), Accepted},
		{"a latency before the question", replace(`"latency_seconds":0.001`, `"latency_seconds":-0.001`), Malformed},
		{"a weight below nothing", replace(`"weight":null`, `"weight":-1`), Malformed},
		{"deep", strings.Repeat("[", 16<<10), Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := New(Config{})
			if got := c.Take([]byte(tt.datagram)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if got := len(c.View(nil).Checks); (got == 1) != (tt.want == Accepted) {
				t.Errorf("%d checks", got)
			}
		})
	}
}

// TestEveryOutcome keeps the exporter in step with the checker.
func TestEveryOutcome(t *testing.T) {
	for _, o := range checker.Outcomes() {
		c := New(Config{})
		if got := c.Take([]byte(strings.Replace(oneReport, `"pass"`, fmt.Sprintf("%q", o), 1))); got != Accepted {
			t.Errorf("%s: %s", o, got)
		}
	}
}

func TestRcodes(t *testing.T) {
	c := New(Config{})
	for _, rcode := range []string{"NOERROR", "NOERROR", "SERVFAIL", "BADCOOKIE", "RCODE4000", "evil", ""} {
		c.Take([]byte(strings.Replace(oneReport, "NOERROR", rcode, 1)))
	}
	got := fmt.Sprint(c.View(nil).Checks[0].runs)
	if want := "map[{pass BADCOOKIE}:1 {pass NOERROR}:2 {pass SERVFAIL}:1 {pass other}:3]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestReasonIsOneShortLine(t *testing.T) {
	c := New(Config{})
	c.Take([]byte(strings.Replace(oneReport, "fine", `a\nb\u0000c\u001b[31m\u2028`+strings.Repeat("ö", 1000), 1)))
	reason := c.View(nil).Checks[0].reason
	if len(reason) > 310 || !strings.HasPrefix(reason, "a b c [31m ö") || !strings.HasSuffix(reason, "ö…") {
		t.Errorf("%d bytes: %q", len(reason), reason)
	}
}

// TestFull fills the table with invented checks: the ones that were there go on.
func TestFull(t *testing.T) {
	now := time.Unix(1e9, 0)
	c := New(Config{Max: 100, Forget: time.Hour, Now: func() time.Time { return now }})
	c.Take([]byte(oneReport))
	for i := range 10_000 {
		c.Take([]byte(strings.Replace(oneReport, "example.com.", fmt.Sprintf("x%d.", i), 1)))
	}
	if got := c.Take([]byte(oneReport)); got != Accepted {
		t.Errorf("a check that was there is %s", got)
	}
	v := c.View(nil)
	if len(v.Checks) != 100 || v.Datagrams[Refused] != 10_000-99 || v.Datagrams[Accepted] != 101 {
		t.Errorf("%d checks, %v", len(v.Checks), v.Datagrams)
	}
	now = now.Add(time.Hour + time.Second)
	if got := c.Take([]byte(strings.Replace(oneReport, "example.com.", "new.", 1))); got != Accepted {
		t.Errorf("a new check, when all others are silent, is %s", got)
	}
	if n := len(c.View(nil).Checks); n != 1 {
		t.Errorf("%d checks are left", n)
	}
}

func TestRunsAreBounded(t *testing.T) {
	c := New(Config{})
	for _, o := range checker.Outcomes() {
		for _, rcode := range rcodeNames() {
			c.Take([]byte(strings.Replace(strings.Replace(oneReport, `"pass"`, fmt.Sprintf("%q", o), 1), "NOERROR", rcode, 1)))
		}
	}
	sum := uint64(0)
	runs := c.View(nil).Checks[0].runs
	for _, n := range runs {
		sum += n
	}
	if most := maxRuns + len(checker.Outcomes()); len(runs) > most || sum != uint64(len(checker.Outcomes())*len(rcodeNames())) {
		t.Errorf("%d ways, at most %d are wanted; %d runs", len(runs), most, sum)
	}
}

// TestBytes: the longest names there can be, in all the ways in which a check can end, take no more of a page than there is for them, and
// those that were there go on.
func TestBytes(t *testing.T) {
	const most = 300
	now := time.Unix(1e9, 0)
	c := New(Config{Max: most, Forget: time.Hour, Now: func() time.Time { return now }})
	c.Take([]byte(oneReport))
	for _, o := range checker.Outcomes() {
		for i := range most {
			name := fmt.Sprintf("%03d", i) + strings.Repeat(`\\000`, 252)
			c.Take([]byte(strings.Replace(strings.Replace(oneReport, `"pass"`, fmt.Sprintf("%q", o), 1), "example.com.", name, 1)))
		}
	}
	if got := c.Take([]byte(strings.Replace(oneReport, `"pass"`, `"rcode"`, 1))); got != Accepted {
		t.Errorf("a check that was there is %s", got)
	}
	v := c.View(nil)
	size := 0
	for _, line := range seriesOfChecks(t, v) {
		size += len(line)
	}
	if size > most*pageBytes || len(v.Checks) == most || v.Datagrams[Refused] == 0 {
		t.Errorf("%d bytes of %d checks, want %d at most; %v", size, len(v.Checks), most*pageBytes, v.Datagrams)
	}
	if last := v.Checks[len(v.Checks)-1]; last.name != "example.com." || last.outcome != "rcode" {
		t.Errorf("the check that was there is %+v", last)
	}
	now = now.Add(2 * time.Hour)
	if v := c.View(nil); v.known != 0 || c.bytes != 0 {
		t.Errorf("when all are forgotten: %d checks, %d bytes", v.known, c.bytes)
	}
}

func TestForDrift(t *testing.T) {
	now := time.Unix(1e9, 0)
	c := New(Config{Now: func() time.Time { return now }})
	if all, listened, _ := c.ForDrift(nil); len(all) != 0 || listened != 0 {
		t.Errorf("before: %v %v", all, listened)
	}
	c.SetListening(now, nil)
	c.Take([]byte(oneReport))
	c.Take([]byte(strings.Replace(oneReport, "198.51.100.1:53", "", 1)))
	now = now.Add(time.Minute)
	all, listened, _ := c.ForDrift(nil)
	if len(all) != 1 || all[0].Server.String() != "198.51.100.1:53" || !all[0].Passed || all[0].Age != time.Minute || listened != time.Minute {
		t.Errorf("%v %v", all, listened)
	}
}

// seriesOfChecks are the lines that checks have on a page.
func seriesOfChecks(t *testing.T, v *View) (all []string) {
	t.Helper()
	sheet := metric.NewSheet(0)
	table().Fill(sheet, v.Checks...)
	var page bytes.Buffer
	if err := sheet.Write(&page, false); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(page.String()) {
		if !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

func FuzzHeartbeat(f *testing.F) {
	f.Add([]byte(oneReport))
	f.Add([]byte(`{"server":"","rcode":null,"outcome":"usage"}`))
	f.Add([]byte(strings.Replace(oneReport, "198.51.100.1", "[fe80::1%eth0]", 1)))
	f.Add([]byte(strings.Replace(oneReport, "198.51.100.1", `[fe80::1%\u001b]`, 1)))
	f.Add([]byte(strings.Replace(oneReport, "example.com.", `\\000\\"`, 1)))
	outcomes, rcodes := outcomeNames(), rcodeNames()
	f.Fuzz(func(t *testing.T, datagram []byte) {
		h, err := parseHeartbeat(datagram, outcomes, rcodes)
		if err != nil {
			return
		}
		for _, s := range []string{h.server, h.name, h.qtype, h.transport, h.path, h.outcome, h.rcode} {
			if len(s) > 1100 || !printable(s) {
				t.Errorf("a label may be %q", s)
			}
		}
		if len(h.server) > 80 {
			t.Errorf("a server may be %q", h.server)
		}
		c := New(Config{})
		if got := c.Take(datagram); got != Accepted {
			t.Errorf("%s, and it can be read", got)
		}
		lines, seen := 0, map[string]bool{}
		for _, line := range seriesOfChecks(t, c.View(nil)) {
			lines += len(line)
			name, _, _ := strings.Cut(line, "{")
			if seen[name] {
				t.Errorf("one check has two lines: %q", line)
			}
			seen[name] = true
		}
		if lines > c.bytes {
			t.Errorf("%d bytes on a page, and %d were reckoned", lines, c.bytes)
		}
		if len(h.reason) > 310 || strings.ContainsAny(h.reason, "\n\r\x00\x1b") {
			t.Errorf("a reason may be %q", h.reason)
		}
	})
}
