// Package report is what lvsdns-fallback says of itself to whoever wants to know, such as lvsdns-exporter: a small file that it replaces again
// and again. Nobody is waited for, and reading it disturbs nobody.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// Report is one moment of a lvsdns-fallback.
type Report struct {
	PID     int       `json:"pid"`
	At      time.Time `json:"at"`
	Every   float64   `json:"every_seconds"` // until the next one, as a rule; 0: of a version that did not say so
	Waits   bool      `json:"waits"`         // it stands by; all that follows is empty
	Stopped string    `json:"stopped"`       // why nothing is written; empty: it is

	Writes uint64 `json:"writes"` // steps that the kernel took
	Errors uint64 `json:"errors"` // passes that ended with an error

	VirtualServers int               `json:"virtual_servers"`
	Blocked        int               `json:"blocked"` // of them, left alone
	Up             int               `json:"real_servers_up"`
	Down           int               `json:"real_servers_down"`
	Checks         map[string]uint64 `json:"checks"` // that have run, by [Results]
}

// Results are what a check can come to: passed, failed, and nothing was learnt.
func Results() []string { return []string{Pass, Fail, Unknown} }

// The results.
const (
	Pass    = "pass"
	Fail    = "fail"
	Unknown = "unknown"
)

// Write replaces the file in one step. Everybody may read it.
func Write(name string, r Report) error {
	text, err := json.Marshal(r)
	if err == nil {
		err = ownfile.Replace(name, text, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// Overdue reports whether there should be a newer one by now. A large table and many checks take their time, so it is three times as late
// as a rule, and some seconds.
func (r *Report) Overdue(now time.Time) bool {
	const patience = 10 * time.Second
	return now.Sub(r.At) > 3*time.Duration(r.Every*float64(time.Second))+patience
}

// maxReport is more than any report.
const maxReport = 1 << 20

// Read returns nil if there is no file: no lvsdns-fallback has run here, or the last one has ended in order.
func Read(name string) (*Report, error) {
	text, err := ownfile.Peek(name, maxReport)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var r Report
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return nil, fmt.Errorf("read lvsdns-fallback's report %s: %w", name, err)
	}
	return &r, nil
}
