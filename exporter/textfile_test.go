package exporter

import (
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/lvsdns/lvsdns/checker/report"
	"github.com/lvsdns/lvsdns/exporter/internal/checks"
)

// TestTextfileAgrees has lvsdns-check write its report for node_exporter's textfile collector and send it here: each line of the file stands on
// the page too, with the same help, type, labels and value.
func TestTextfileAgrees(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	rcode, unassigned, latency, weight := 3, 4000, 1234567*time.Nanosecond, 40
	question := checker.Question{Name: `odd\"name.example.`, Type: dns.TypeSOA, Class: dns.ClassINET}
	for name, c := range map[string]struct {
		result checker.Result
		took   time.Duration
	}{
		"a pass": {checker.Result{
			Server: netip.MustParseAddrPort("192.0.2.1:53"), Outcome: checker.Pass, Weight: &weight,
			Decided: checker.QuestionResult{Question: question, Rcode: &rcode, Latency: &latency},
		}, 2500 * time.Microsecond},
		"an rcode without a name": {checker.Result{
			Server: netip.MustParseAddrPort("192.0.2.1:53"), Transport: checker.TCP, Outcome: checker.Rcode,
			Decided: checker.QuestionResult{Question: question, Rcode: &unassigned, Latency: &latency},
		}, time.Millisecond},
		"no answer": {checker.Result{
			Server: netip.MustParseAddrPort("[2001:db8::1]:5353"), Transport: checker.Both, Outcome: checker.Timeout,
			Decided: checker.QuestionResult{Question: question},
		}, 2 * time.Second},
		"a bad flag": {checker.Result{Outcome: checker.Usage}, time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			told := report.New(c.result, exit.Misc, r.clock.now()).Took(c.took)
			report.Send(path, told)
			datagram := make([]byte, 16<<10)
			n, err := socket.Read(datagram)
			if err != nil {
				t.Fatal(err)
			}
			if v := r.checks.Take(datagram[:n]); v != checks.Accepted {
				t.Fatalf("%s: %s", v, datagram[:n])
			}
			page := "\n" + r.page(t, "")
			// The exporter takes the moment of arrival.
			stamp := regexp.MustCompile(`(last_run_timestamp_seconds\{.*\}) \S+`)
			page = stamp.ReplaceAllString(page, "$1 now")
			lines := 0
			for line := range strings.Lines(stamp.ReplaceAllString(string(report.Formats()["prometheus"](told)), "$1 now")) {
				if lines++; !strings.Contains(page, "\n"+line) {
					t.Errorf("only in the textfile: %s", line)
				}
			}
			if lines < 3*4 {
				t.Errorf("%d lines", lines)
			}
		})
	}
}
