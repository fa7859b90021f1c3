package report

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/miekg/dns"
)

// The datagram has the keys of the JSON output and three of its own.
func TestKeys(t *testing.T) {
	var output, datagram map[string]any
	if err := json.Unmarshal(Formats()["json"](told(passResult())), &output); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(Encode(told(passResult())), &datagram); err != nil {
		t.Fatal(err)
	}
	for key := range output {
		delete(datagram, key)
	}
	if got := slices.Sorted(maps.Keys(datagram)); !slices.Equal(got, []string{"duration_seconds", "exit_mode", "time"}) {
		t.Errorf("keys beside those of the output: %q", got)
	}
}

func chaosResult() checker.Result {
	r := passResult()
	r.Decided.Question = checker.Question{Name: "version.bind.", Type: dns.TypeTXT, Class: dns.ClassCHAOS}
	return r
}

// results are one of each kind that there is.
func results() map[string]checker.Result {
	all := map[string]checker.Result{
		"pass": passResult(), "weight": weightResult(), "slow": slowResult(), "timeout": timeoutResult(), "usage": usageResult(),
		"hostile": hostileResult(), "several": severalResult(), "chaos": chaosResult(),
	}
	for _, o := range checker.Outcomes() {
		r := passResult()
		r.Outcome = o
		all["outcome "+o.String()] = r
	}
	for _, rcode := range []int{0, 16, 23, 24, 4095} {
		r := passResult()
		r.Decided.Rcode = &rcode
		all["rcode "+checker.RcodeName(rcode)] = r
	}
	return all
}

// What is read is what was written, to the last bit: one who asks another program
// to check prints the same in every format, and ends with the same status.
func TestRoundTrip(t *testing.T) {
	for name, result := range results() {
		for _, mode := range []exit.Mode{exit.Misc, exit.MiscDynamic, exit.Nagios, exit.HAProxy} {
			sent := New(result, mode, ended)
			if result.Server.IsValid() {
				sent = sent.Took(1234567 * time.Nanosecond)
			}
			got, err := Decode(Encode(sent))
			if err != nil || !reflect.DeepEqual(got, sent) {
				t.Errorf("%s: %v\n got %+v\nsent %+v", name, err, got, sent)
			}
			for format, write := range Formats() {
				if here, there := string(write(sent)), string(write(got)); here != there {
					t.Errorf("%s as %s\n here %q\nthere %q", name, format, here, there)
				}
			}
		}
	}
}

// The class is in no format but the text, and must reach it.
func TestClass(t *testing.T) {
	const want = "PASS 192.0.2.1:53 version.bind. CH TXT udp: NOERROR, 1 answer, 90 bytes in 1.23ms"
	if got := told(chaosResult()).Line(); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if !strings.Contains(string(Encode(told(chaosResult()))), `,"class":"CH"}`) || strings.Contains(string(Encode(told(passResult()))), "class") {
		t.Error("the class is written for IN, or for nothing")
	}
}

// The rcode by number is that of the answer, whatever it is called.
func TestCode(t *testing.T) {
	for code := range 1 << 12 {
		r := passResult()
		r.Decided.Rcode = &code
		if got := told(r).Code(); got == nil || *got != code {
			t.Fatalf("%s is %v, want %d", checker.RcodeName(code), got, code)
		}
	}
	for _, name := range []string{"", "evil", "RCODE4096", "RCODE-1", "noerror"} {
		if got := (Output{Rcode: &name}).Code(); got != nil {
			t.Errorf("%q is %d", name, *got)
		}
	}
	if got := told(timeoutResult()).Code(); got != nil {
		t.Errorf("no answer has the rcode %d", *got)
	}
}

// What is no report is an error, and not the zero report: its outcome would be a
// bug of ours.
func TestDecodeRefuses(t *testing.T) {
	whole := string(Encode(told(passResult())))
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "pass", "no object": "[]", "no outcome": "{}", "no outcome but a server": `{"server":"192.0.2.1:53"}`,
		"half": whole[:len(whole)/2], "two": whole + whole,
		"an outcome that nobody knows": strings.Replace(whole, `"pass"`, `"great"`, 1),
		"too long":                     strings.Replace(whole, "1 answer", strings.Repeat("x", MaxSize), 1),
		"an outcome by number":         strings.Replace(whole, `"pass"`, `4`, 1),
		"a server by name":             strings.Replace(whole, "192.0.2.1", "ns1.example.com", 1),
		"a server without a port":      strings.Replace(whole, "192.0.2.1:53", "192.0.2.1", 1),
	} {
		r, err := Decode([]byte(text))
		if err == nil || !reflect.DeepEqual(r, Report{}) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	longest := strings.Replace(whole, "1 answer", strings.Repeat("x", MaxSize-len(whole)+len("1 answer")), 1)
	if r, err := Decode([]byte(longest)); err != nil || len(longest) != MaxSize || r.Outcome != checker.Pass {
		t.Errorf("the longest: %d bytes, %v", len(longest), err)
	}
	if r, err := Decode([]byte(strings.Replace(whole, `{`, `{"colour":[{}],`, 1))); err != nil || r.Outcome != checker.Pass {
		t.Errorf("a key of tomorrow: %+v, %v", r, err)
	}
}

// Whatever somebody sends is refused, or is a report that is written as it was
// read, in formats of one line each.
func FuzzDecode(f *testing.F) {
	for _, result := range results() {
		f.Add(Encode(told(result).Took(time.Millisecond)))
	}
	f.Add([]byte(`{"server":"","rcode":null,"outcome":"usage"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Decode(Encode(r))
		if err != nil || string(Encode(again)) != string(Encode(r)) {
			t.Fatalf("%q is %+v, and written and read again %+v, %v", b, r, again, err)
		}
		for _, format := range []string{"json", "nagios"} {
			if text := string(Formats()[format](r)); strings.Count(text, "\n") != 1 {
				t.Fatalf("%s of %q is not one line: %q", format, b, text)
			}
		}
	})
}
