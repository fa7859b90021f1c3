// Package report says what one run of a check has found, to whoever asks: a
// [Report] is printed in one of the formats, sent as a datagram to lvsdns-exporter,
// and read back. It is made of what package checker returns.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/miekg/dns"
)

// Report is one run of a check in the words in which it travels. Those of an open
// set (types, rcodes) stay text, so that a newer program can be understood.
type Report struct {
	Output
	ExitMode string   `json:"exit_mode"`
	Time     float64  `json:"time"`             // seconds since 1970, when the verdict stood
	Duration *float64 `json:"duration_seconds"` // of the whole run; nil: nothing was asked
	Class    string   `json:"class,omitempty"`  // of the question; empty: IN
}

// Output has the keys of the JSON output, in order. They are a public interface;
// docs/check.md lists them.
type Output struct {
	Server     netip.AddrPort  `json:"server"` // zero: nothing was asked
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Transport  string          `json:"transport"`
	Path       string          `json:"path"`
	Outcome    checker.Outcome `json:"outcome"`
	Reason     string          `json:"reason"`
	Rcode      *string         `json:"rcode"` // nil: no answer
	Flags      []string        `json:"flags"`
	Answers    int             `json:"answers"`
	Size       int             `json:"size"`
	Latency    *float64        `json:"latency_seconds"` // nil: no answer
	Attempts   int             `json:"attempts"`
	Weight     *int            `json:"weight"` // for misc_dynamic; nil: as configured
	ExitStatus int             `json:"exit_status"`
	Questions  []Question      `json:"questions,omitempty"` // only where there are several
}

// Question is what one of several questions met.
type Question struct {
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Outcome  checker.Outcome `json:"outcome"`
	Reason   string          `json:"reason"`
	Rcode    *string         `json:"rcode"`
	Answers  int             `json:"answers"`
	Latency  *float64        `json:"latency_seconds"`
	Attempts int             `json:"attempts"`
}

// pathRIP is the only way to a real server so far: its own address.
const pathRIP = "rip"

// New makes the report of a run that has ended, for the one who reads its exit
// status. Nothing was asked where the result has no server.
func New(r checker.Result, m exit.Mode, ended time.Time) Report {
	d := r.Decided
	report := Report{
		Output: Output{
			Server: r.Server, Name: d.Question.Name, Transport: r.Transport.String(), Path: pathRIP,
			Outcome: r.Outcome, Reason: r.Reason, Rcode: rcodeText(d), Flags: d.Flags.Names(),
			Answers: d.Answers, Size: d.Size, Latency: seconds(d), Attempts: d.Attempts,
			Weight: r.Weight, ExitStatus: exit.Status(r.Outcome, m, r.Weight),
		},
		ExitMode: m.String(), Time: float64(ended.UnixMilli()) / 1000,
	}
	if r.Server.IsValid() {
		report.Type = d.Question.TypeName()
		if d.Question.Class != dns.ClassINET {
			report.Class = dns.Class(d.Question.Class).String()
		}
	}
	if len(r.Questions) > 1 {
		for _, q := range r.Questions {
			report.Questions = append(report.Questions, Question{
				q.Question.Name, q.Question.TypeName(), q.Outcome, q.Reason, rcodeText(q), q.Answers, seconds(q), q.Attempts,
			})
		}
	}
	return report
}

// Took adds how long the whole run has taken.
func (r Report) Took(d time.Duration) Report {
	s := d.Seconds()
	r.Duration = &s
	return r
}

// Encode writes a report as one line of JSON.
func Encode(r Report) []byte { return jsonLine(r) }

// MaxSize is the size in bytes above which nothing is a report: those of lvsdns-check
// are below 1 KiB but for checks with many questions.
const MaxSize = 16 << 10

// absent is no outcome of a check.
const absent = checker.Outcome(255)

// Decode reads what [Encode] has written. Keys that it does not know it leaves
// alone. Whether the text in it is fit for a page is for the caller to look at.
func Decode(b []byte) (Report, error) {
	if len(b) > MaxSize {
		return Report{}, fmt.Errorf("reading the report of a check: it has %d bytes, and %d are the most", len(b), MaxSize)
	}
	r := Report{Output: Output{Outcome: absent}}
	if err := json.Unmarshal(b, &r); err != nil {
		return Report{}, fmt.Errorf("reading the report of a check: %w", err)
	}
	if r.Outcome == absent {
		return Report{}, errors.New("reading the report of a check: it has no outcome")
	}
	return r, nil
}

// Rcodes has the rcodes with a name, in the order of their numbers: 0 to 23 are
// assigned (IANA, DNS RCODEs).
func Rcodes() []string {
	var all []string
	for code := range 24 {
		all = append(all, checker.RcodeName(code))
	}
	return all
}

// Code returns the rcode by number, nil without an answer and where nobody knows
// its name.
func (o Output) Code() *int {
	if o.Rcode == nil {
		return nil
	}
	code := slices.Index(Rcodes(), *o.Rcode)
	if code < 0 {
		number, err := strconv.ParseUint(strings.TrimPrefix(*o.Rcode, "RCODE"), 10, 12) // twelve bits: RFC 6891 section 6.1.3
		if err != nil {
			return nil
		}
		code = int(number)
	}
	return &code
}

// jsonLine marshals plain structs of strings and numbers: that cannot fail.
func jsonLine(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return append(b, '\n')
}

func rcodeText(q checker.QuestionResult) *string {
	if q.Rcode == nil {
		return nil
	}
	name := checker.RcodeName(*q.Rcode)
	return &name
}

func seconds(q checker.QuestionResult) *float64 {
	if q.Latency == nil {
		return nil
	}
	s := q.Latency.Seconds()
	return &s
}
