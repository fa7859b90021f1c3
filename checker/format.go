package checker

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Format writes a report for one reader, whole, with a newline at the end.
// ExitStatus is the status that the process will end with.
type Format func(r Report, exitStatus int) []byte

// Formats returns the formats by the name that they have on the command line.
func Formats() map[string]Format {
	return map[string]Format{
		"text":       formatText,
		"json":       formatJSON,
		"nagios":     formatNagios,
		"prometheus": formatPrometheus,
		"none":       func(Report, int) []byte { return nil },
	}
}

func formatText(r Report, _ int) []byte {
	word := "FAIL"
	if r.Outcome == Pass {
		word = "PASS"
	}
	parts := []string{word}
	if r.Server.IsValid() {
		parts = append(parts, r.Server.String(), r.Decided.Question.String(), r.Transport.String())
	}
	line := strings.Join(parts, " ") + ": "
	if r.Outcome != Pass {
		line += r.Outcome.String() + ": "
	}
	line += oneLine(r.Reason)
	if r.Outcome == Pass && r.Decided.Latency != nil {
		line += " in " + roundLatency(*r.Decided.Latency).String()
	}
	if r.Weight != nil {
		line += ", weight " + strconv.Itoa(*r.Weight)
	}
	return []byte(line + "\n")
}

// jsonReport has the keys of the JSON output, in order. They are a public
// interface; docs/check.md lists them.
type jsonReport struct {
	Server     string         `json:"server"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Transport  string         `json:"transport"`
	Path       string         `json:"path"`
	Outcome    string         `json:"outcome"`
	Reason     string         `json:"reason"`
	Rcode      *string        `json:"rcode"`
	Flags      []string       `json:"flags"`
	Answers    int            `json:"answers"`
	Size       int            `json:"size"`
	Latency    *float64       `json:"latency_seconds"`
	Attempts   int            `json:"attempts"`
	Weight     *int           `json:"weight"`
	ExitStatus int            `json:"exit_status"`
	Questions  []jsonQuestion `json:"questions,omitempty"` // only where there are several
}

type jsonQuestion struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Outcome  string   `json:"outcome"`
	Reason   string   `json:"reason"`
	Rcode    *string  `json:"rcode"`
	Answers  int      `json:"answers"`
	Latency  *float64 `json:"latency_seconds"`
	Attempts int      `json:"attempts"`
}

// pathRIP is the only way to a real server so far: its own address.
const pathRIP = "rip"

func newJSONReport(r Report, exitStatus int) jsonReport {
	d := r.Decided
	j := jsonReport{
		Name: d.Question.Name, Transport: r.Transport.String(), Path: pathRIP,
		Outcome: r.Outcome.String(), Reason: r.Reason, Rcode: rcodeText(d), Flags: d.Flags.Names(),
		Answers: d.Answers, Size: d.Size, Latency: seconds(d), Attempts: d.Attempts,
		Weight: r.Weight, ExitStatus: exitStatus,
	}
	if r.Server.IsValid() {
		j.Server, j.Type = r.Server.String(), d.Question.TypeName()
	}
	if len(r.Questions) > 1 {
		for _, q := range r.Questions {
			j.Questions = append(j.Questions, jsonQuestion{
				q.Question.Name, q.Question.TypeName(), q.Outcome.String(), q.Reason,
				rcodeText(q), q.Answers, seconds(q), q.Attempts,
			})
		}
	}
	return j
}

func formatJSON(r Report, exitStatus int) []byte { return jsonLine(newJSONReport(r, exitStatus)) }

// jsonLine marshals plain structs of strings and numbers: that cannot fail.
func jsonLine(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return append(b, '\n')
}

func rcodeText(q QuestionReport) *string {
	if q.Rcode == nil {
		return nil
	}
	name := RcodeName(*q.Rcode)
	return &name
}

func seconds(q QuestionReport) *float64 {
	if q.Latency == nil {
		return nil
	}
	s := q.Latency.Seconds()
	return &s
}

// formatNagios follows the Nagios plugin guidelines: status, text, a bar, and
// performance data.
func formatNagios(r Report, _ int) []byte {
	word := [...]string{nagiosOK: "OK", nagiosWarning: "WARNING", nagiosCritical: "CRITICAL", nagiosUnknown: "UNKNOWN"}[nagiosStatus(r.Outcome)]
	line := "DNS " + word + " - "
	if r.Outcome != Pass {
		line += r.Outcome.String() + ": "
	}
	line += strings.ReplaceAll(oneLine(r.Reason), "|", "/")
	if r.Decided.Latency != nil {
		line += fmt.Sprintf(" | time=%.6fs;;;0 size=%dB;;;0 answers=%d;;;0", r.Decided.Latency.Seconds(), r.Decided.Size, r.Decided.Answers)
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
