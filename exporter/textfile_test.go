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
	for name, report := range map[string]checker.Report{
		"a pass": {
			Server: netip.MustParseAddrPort("192.0.2.1:53"), Outcome: checker.Pass, Weight: &weight, Took: 2500 * time.Microsecond,
			Decided: checker.QuestionReport{Question: question, Rcode: &rcode, Latency: &latency},
		},
		"an rcode without a name": {
			Server: netip.MustParseAddrPort("192.0.2.1:53"), Transport: checker.TCP, Outcome: checker.Rcode, Took: time.Millisecond,
			Decided: checker.QuestionReport{Question: question, Rcode: &unassigned, Latency: &latency},
		},
		"no answer": {
			Server: netip.MustParseAddrPort("[2001:db8::1]:5353"), Transport: checker.Both, Outcome: checker.Timeout, Took: 2 * time.Second,
			Decided: checker.QuestionReport{Question: question},
		},
		"a bad flag": {Outcome: checker.Usage, Took: time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			checker.SendHeartbeat(path, report, checker.Misc, 0, r.clock.now())
			datagram := make([]byte, maxDatagram)
			n, err := socket.Read(datagram)
			if err != nil {
				t.Fatal(err)
			}
			if v := r.checks.take(datagram[:n]); v != accepted {
				t.Fatalf("%s: %s", v, datagram[:n])
			}
			page := "\n" + r.page(t, "")
			// The moment at which each of them was written is its own.
			stamp := regexp.MustCompile(`(last_run_timestamp_seconds\{.*\}) \S+`)
			page = stamp.ReplaceAllString(page, "$1 now")
			lines := 0
			for line := range strings.Lines(stamp.ReplaceAllString(string(checker.Formats()["prometheus"](report, 0)), "$1 now")) {
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
