package report

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/miekg/dns"
)

func ptr[T any](v T) *T { return &v }

// ended is when the runs of these tests have ended.
var ended = time.UnixMilli(1795406400123)

// told is the report of a result for keepalived without misc_dynamic.
func told(r checker.Result) Report { return New(r, exit.Misc, ended) }

func passResult() checker.Result {
	d := checker.QuestionResult{
		Question: checker.Question{Name: "example.com.", Type: dns.TypeSOA, Class: dns.ClassINET},
		Outcome:  checker.Pass, Reason: "NOERROR, 1 answer, 90 bytes", Rcode: ptr(0), Flags: checker.QR | checker.AA | checker.RD, Answers: 1, Size: 90,
		Latency: ptr(1234567 * time.Nanosecond), Attempts: 1,
	}
	return checker.Result{
		Server: netip.MustParseAddrPort("192.0.2.1:53"), Transport: checker.UDP, Outcome: checker.Pass, Reason: d.Reason,
		Decided: d, Questions: []checker.QuestionResult{d},
	}
}

func weightResult() checker.Result {
	r := passResult()
	r.Weight = ptr(40)
	return r
}

func slowResult() checker.Result {
	r := passResult()
	r.Outcome, r.Reason = checker.Slow, "answered in 1.23ms, more than the 1ms allowed"
	return r
}

func timeoutResult() checker.Result {
	d := checker.QuestionResult{
		Question: checker.Question{Name: ".", Type: dns.TypeNS, Class: dns.ClassINET},
		Outcome:  checker.Timeout, Reason: "no answer (2 tries)", Attempts: 2,
	}
	return checker.Result{
		Server: netip.MustParseAddrPort("[2001:db8::1]:5353"), Transport: checker.Both, Outcome: checker.Timeout, Reason: d.Reason,
		Decided: d, Questions: []checker.QuestionResult{d},
	}
}

func usageResult() checker.Result {
	return checker.Result{Outcome: checker.Usage, Reason: "--timeout: \"2\" has no unit"}
}

// A server chooses some bytes of a reason; they must not break out of the line.
func hostileResult() checker.Result {
	r := passResult()
	r.Outcome, r.Reason = checker.NSID, "a\nb\x1b[31m|c=1\x7f\" \\ <é>"
	r.Decided.Question.Name = `a\"b\\\010.example.`
	return r
}

func severalResult() checker.Result {
	good, bad := passResult().Decided, timeoutResult().Decided
	r := passResult()
	r.Reason, r.Questions = "1 of 2 questions passed, 1 needed; failed: . NS: no answer (2 tries)", []checker.QuestionResult{bad, good}
	return r
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		result       checker.Result
		text, nagios string
	}{
		"pass": {
			passResult(),
			"PASS 192.0.2.1:53 example.com. SOA udp: NOERROR, 1 answer, 90 bytes in 1.23ms\n",
			"DNS OK - NOERROR, 1 answer, 90 bytes | time=0.001235s;;;0 size=90B;;;0 answers=1;;;0\n",
		},
		"weight": {
			weightResult(),
			"PASS 192.0.2.1:53 example.com. SOA udp: NOERROR, 1 answer, 90 bytes in 1.23ms, weight 40\n",
			"DNS OK - NOERROR, 1 answer, 90 bytes | time=0.001235s;;;0 size=90B;;;0 answers=1;;;0\n",
		},
		"slow": {
			slowResult(),
			"FAIL 192.0.2.1:53 example.com. SOA udp: slow: answered in 1.23ms, more than the 1ms allowed\n",
			"DNS WARNING - slow: answered in 1.23ms, more than the 1ms allowed | time=0.001235s;;;0 size=90B;;;0 answers=1;;;0\n",
		},
		"timeout": {
			timeoutResult(),
			"FAIL [2001:db8::1]:5353 . NS both: timeout: no answer (2 tries)\n",
			"DNS CRITICAL - timeout: no answer (2 tries)\n",
		},
		"usage": {
			usageResult(),
			"FAIL: usage: --timeout: \"2\" has no unit\n",
			"DNS UNKNOWN - usage: --timeout: \"2\" has no unit\n",
		},
		"hostile": {
			hostileResult(),
			"FAIL 192.0.2.1:53 a\\\"b\\\\\\010.example. SOA udp: nsid: a b [31m|c=1 \" \\ <é>\n",
			"DNS CRITICAL - nsid: a b [31m/c=1 \" \\ <é> | time=0.001235s;;;0 size=90B;;;0 answers=1;;;0\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			formats := Formats()
			if got := string(formats["text"](told(c.result))); got != c.text {
				t.Errorf("text\n got %q\nwant %q", got, c.text)
			}
			if got := string(formats["nagios"](told(c.result))); got != c.nagios {
				t.Errorf("nagios\n got %q\nwant %q", got, c.nagios)
			}
			if got := formats["none"](told(c.result)); len(got) != 0 {
				t.Errorf("none: %q", got)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	for name, c := range map[string]struct {
		result checker.Result
		mode   exit.Mode
		want   string
	}{
		"pass": {
			weightResult(), exit.MiscDynamic,
			`{"server":"192.0.2.1:53","name":"example.com.","type":"SOA","transport":"udp","path":"rip","outcome":"pass","reason":"NOERROR, 1 answer, 90 bytes","rcode":"NOERROR","flags":["qr","aa","rd"],"answers":1,"size":90,"latency_seconds":0.001234567,"attempts":1,"weight":40,"exit_status":42}`,
		},
		"timeout": {
			timeoutResult(), exit.Misc,
			`{"server":"[2001:db8::1]:5353","name":".","type":"NS","transport":"both","path":"rip","outcome":"timeout","reason":"no answer (2 tries)","rcode":null,"flags":[],"answers":0,"size":0,"latency_seconds":null,"attempts":2,"weight":null,"exit_status":1}`,
		},
		"usage": {
			usageResult(), exit.Misc,
			`{"server":"","name":"","type":"","transport":"udp","path":"rip","outcome":"usage","reason":"--timeout: \"2\" has no unit","rcode":null,"flags":[],"answers":0,"size":0,"latency_seconds":null,"attempts":0,"weight":null,"exit_status":1}`,
		},
		"several": {
			severalResult(), exit.Misc,
			`{"server":"192.0.2.1:53","name":"example.com.","type":"SOA","transport":"udp","path":"rip","outcome":"pass","reason":"1 of 2 questions passed, 1 needed; failed: . NS: no answer (2 tries)","rcode":"NOERROR","flags":["qr","aa","rd"],"answers":1,"size":90,"latency_seconds":0.001234567,"attempts":1,"weight":null,"exit_status":0,"questions":[` +
				`{"name":".","type":"NS","outcome":"timeout","reason":"no answer (2 tries)","rcode":null,"answers":0,"latency_seconds":null,"attempts":2},` +
				`{"name":"example.com.","type":"SOA","outcome":"pass","reason":"NOERROR, 1 answer, 90 bytes","rcode":"NOERROR","answers":1,"latency_seconds":0.001234567,"attempts":1}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(Formats()["json"](New(c.result, c.mode, ended)))
			if got != c.want+"\n" {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
	var decoded struct{ Reason, Name string }
	if err := json.Unmarshal(Formats()["json"](told(hostileResult())), &decoded); err != nil || decoded.Reason != hostileResult().Reason || decoded.Name != hostileResult().Decided.Question.Name {
		t.Errorf("a hostile reason: %+v, %v", decoded, err)
	}
}

func TestPrometheus(t *testing.T) {
	const labels = `server="192.0.2.1:53",name="example.com.",type="SOA",transport="udp",path="rip"`
	want := strings.ReplaceAll(`# HELP lvsdns_check_success 1 if the last run passed.
# TYPE lvsdns_check_success gauge
lvsdns_check_success{LABELS} 1
# HELP lvsdns_check_duration_seconds How long the last run took, all its tries and questions together.
# TYPE lvsdns_check_duration_seconds gauge
lvsdns_check_duration_seconds{LABELS} 0.0025
# HELP lvsdns_check_latency_seconds What a client would have waited for the answer of the last run; absent without an answer.
# TYPE lvsdns_check_latency_seconds gauge
lvsdns_check_latency_seconds{LABELS} 0.001234567
# HELP lvsdns_check_last_run_timestamp_seconds When the last run ended. A check that no longer runs stops here.
# TYPE lvsdns_check_last_run_timestamp_seconds gauge
lvsdns_check_last_run_timestamp_seconds{LABELS} 1.795406400123e+09
# HELP lvsdns_check_rcode The rcode of the last run's answer, by number; absent without an answer.
# TYPE lvsdns_check_rcode gauge
lvsdns_check_rcode{LABELS} 0
# HELP lvsdns_check_weight The weight that the last run gave the real server; absent without --weight-by.
# TYPE lvsdns_check_weight gauge
lvsdns_check_weight{LABELS} 40
# HELP lvsdns_check_outcome 1 for the outcome of the last run; the others are absent.
# TYPE lvsdns_check_outcome gauge
lvsdns_check_outcome{LABELS,outcome="pass"} 1
`, "LABELS", labels)
	if got := string(formatPrometheus(told(weightResult()).Took(2500 * time.Microsecond))); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// Every report makes a text that the format's grammar allows, with one series
// per name and labels, and exactly one outcome that is 1.
func TestPrometheusIsValid(t *testing.T) {
	sample := regexp.MustCompile(`^(lvsdns_check_[a-z_]+)\{((?:[a-z]+="(?:[^"\\]|\\[\\"n])*",?)+)\} (-?[0-9.e+-]+)$`)
	for name, c := range map[string]struct {
		result checker.Result
		absent string
	}{
		"pass":    {passResult(), "lvsdns_check_weight"},
		"timeout": {timeoutResult(), "lvsdns_check_latency_seconds"},
		"usage":   {usageResult(), "lvsdns_check_rcode"},
		"hostile": {hostileResult(), "lvsdns_check_weight"},
		"several": {severalResult(), "lvsdns_check_weight"},
	} {
		t.Run(name, func(t *testing.T) {
			var typed, series, ones []string
			for line := range strings.Lines(string(Formats()["prometheus"](told(c.result)))) {
				line = strings.TrimSuffix(line, "\n")
				if metric, ok := strings.CutPrefix(line, "# TYPE "); ok {
					typed = append(typed, strings.TrimSuffix(metric, " gauge"))
					continue
				}
				if strings.HasPrefix(line, "# HELP ") {
					continue
				}
				m := sample.FindStringSubmatch(line)
				if m == nil {
					t.Errorf("not a sample: %q", line)
					continue
				}
				if !slices.Contains(typed, m[1]) {
					t.Errorf("%s has no TYPE line before it", m[1])
				}
				series = append(series, m[1]+m[2])
				if m[1] == "lvsdns_check_outcome" && m[3] == "1" {
					ones = append(ones, m[2])
				}
			}
			if len(slices.Compact(slices.Sorted(slices.Values(series)))) != len(series) || len(slices.Compact(slices.Sorted(slices.Values(typed)))) != len(typed) {
				t.Errorf("something stands there twice: %q, %q", typed, series)
			}
			if len(ones) != 1 || !strings.HasSuffix(ones[0], `outcome="`+c.result.Outcome.String()+`"`) {
				t.Errorf("outcomes that are 1: %q", ones)
			}
			if slices.Contains(typed, c.absent) || !slices.Contains(typed, "lvsdns_check_success") {
				t.Errorf("metrics %q, which must not have %s", typed, c.absent)
			}
			if !c.result.Server.IsValid() && !strings.Contains(series[0], `server="",name="",type=""`) {
				t.Errorf("a report without a server has the labels %s", series[0])
			}
		})
	}
}

// The names that --output takes.
func TestFormats(t *testing.T) {
	var names []string
	for name := range Formats() {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"json", "nagios", "none", "prometheus", "text"}; !slices.Equal(names, want) {
		t.Errorf("formats %q, want %q", names, want)
	}
}
