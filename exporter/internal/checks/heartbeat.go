package checks

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/report"
)

// maxDatagram is the size above which a datagram is no report of a check.
const maxDatagram = report.MaxSize

// Key names a check: two checks with the same key are the same check to an operator.
type Key struct {
	server, name, qtype, transport, path string
}

// heartbeat is what one datagram says, as far as it is used. Any script may have made it, so nothing in it is believed
// before it is looked at: it ends in labels and on a page.
type heartbeat struct {
	Key
	addr     netip.AddrPort // of the server; zero if the check had no server
	outcome  string
	reason   string
	rcode    string // empty if there was no response
	code     *int   // the same by number; nil if nobody knows the name
	duration float64
	latency  *float64 // nil if there was no response
	weight   *int     // nil if the check gives none
}

const otherRcode = "other"

var errKey = errors.New("no check has this")

// parseHeartbeat reads one datagram. It takes time from nobody: the report is sent when the check ends, so
// the moment of arrival is known better here.
func parseHeartbeat(datagram []byte, outcomes, rcodes []string) (heartbeat, error) {
	w, err := report.Decode(datagram)
	if err != nil {
		return heartbeat{}, err
	}
	h := heartbeat{
		Key:  Key{name: w.Name, qtype: w.Type, transport: w.Transport, path: w.Path},
		addr: w.Server, outcome: w.Outcome.String(), reason: oneLine(w.Reason, 300),
		code: w.Code(), latency: w.Latency, weight: w.Weight,
	}
	if w.Duration != nil {
		h.duration = *w.Duration
	}
	if h.addr.IsValid() {
		if !zone(h.addr.Addr().Zone()) {
			return heartbeat{}, fmt.Errorf("server: %w", errKey)
		}
		h.server = h.addr.String()
	}
	for _, field := range []struct {
		name, value string
		fine        func(string) bool
	}{
		{"name", h.name, func(s string) bool { return len(s) <= 1100 && printable(s) }}, // 255 bytes, each perhaps \DDD
		{"type", h.qtype, func(s string) bool { return len(s) <= 16 && printable(s) }},
		{"transport", h.transport, oneOf("udp", "tcp", "both", "tls", "https", "")},
		{"path", h.path, oneOf("rip", "vip", "")},
		{"outcome", h.outcome, oneOf(outcomes...)},
	} {
		if !field.fine(field.value) {
			return heartbeat{}, fmt.Errorf("%s: %w", field.name, errKey)
		}
	}
	if !lasts(h.duration) || h.latency != nil && !lasts(*h.latency) {
		return heartbeat{}, fmt.Errorf("duration: %w", errKey)
	}
	if h.weight != nil && (*h.weight < 0 || *h.weight > math.MaxUint16) {
		return heartbeat{}, fmt.Errorf("weight: %w", errKey)
	}
	if w.Rcode != nil {
		h.rcode = otherRcode
		if slices.Contains(rcodes, *w.Rcode) {
			h.rcode = *w.Rcode
		}
	}
	return h, nil
}

// zone reports whether a text can be the interface of an address: a name, by dev_valid_name of Linux's net/core/dev.c, or a number.
func zone(s string) bool {
	const longest = 15 // IFNAMSIZ, and the zero at the end
	return len(s) <= longest && printable(s) && !strings.ContainsAny(s, " /:%")
}

// lasts reports whether a check can take so many seconds.
func lasts(seconds float64) bool { return seconds >= 0 && seconds <= 3600 }

func oneOf(values ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(values, s) }
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// oneLine cuts a text at a number of bytes, and takes out what could break a line of a log.
func oneLine(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// outcomeNames and rcodeNames are the closed sets of the two labels.
func outcomeNames() []string {
	var all []string
	for _, o := range checker.Outcomes() {
		all = append(all, o.String())
	}
	return all
}

func rcodeNames() []string { return report.Rcodes() }
