package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/lvsdns/lvsdns/checker/internal/words"
)

// Format writes a report for one reader, whole, with a newline at the end.
type Format func(Report) []byte

// Formats returns the formats by the name that they have on the command line.
func Formats() map[string]Format {
	return map[string]Format{
		"text":       func(r Report) []byte { return []byte(r.Line() + "\n") },
		"json":       func(r Report) []byte { return jsonLine(r.Output) },
		"nagios":     formatNagios,
		"prometheus": formatPrometheus,
		"none":       func(Report) []byte { return nil },
	}
}

// Line is the report in one line for a person.
func (r Report) Line() string {
	line := "FAIL"
	if r.Outcome == checker.Pass {
		line = "PASS"
	}
	if r.Server.IsValid() {
		line += " " + r.Server.String() + " " + r.question() + " " + r.Transport
	}
	line += ": "
	if r.Outcome != checker.Pass {
		line += r.Outcome.String() + ": "
	}
	line += oneLine(r.Reason)
	if r.Outcome == checker.Pass && r.Latency != nil {
		line += " in " + words.Latency(duration(*r.Latency))
	}
	if r.Weight != nil {
		line += ", weight " + strconv.Itoa(*r.Weight)
	}
	return line
}

// question is "NAME TYPE", with the class when it is not IN.
func (r Report) question() string {
	if r.Class != "" {
		return r.Name + " " + r.Class + " " + r.Type
	}
	return r.Name + " " + r.Type
}

// duration is exact for any time that a check can take.
func duration(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds * float64(time.Second)))
}

// formatNagios follows the Nagios plugin guidelines: status, text, a bar, and
// performance data.
func formatNagios(r Report) []byte {
	status := [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}
	line := "DNS " + status[exit.Status(r.Outcome, exit.Nagios, nil)] + " - "
	if r.Outcome != checker.Pass {
		line += r.Outcome.String() + ": "
	}
	line += strings.ReplaceAll(oneLine(r.Reason), "|", "/")
	if r.Latency != nil {
		line += fmt.Sprintf(" | time=%.6fs;;;0 size=%dB;;;0 answers=%d;;;0", *r.Latency, r.Size, r.Answers)
	}
	return []byte(line + "\n")
}

// oneLine keeps what a server can put into a reason from breaking the line.
func oneLine(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
}
