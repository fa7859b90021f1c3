package checker

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Expect says what an answer must be, beyond the rcodes of its [Question].
// The zero value expects nothing more.
type Expect struct {
	MinAnswers int              // records that answer the question, at the end of its chain of aliases
	Answer     []*regexp.Regexp // each must match the text of some answer record, or of an alias that leads there, see RRText
	Require    HeaderFlags      // flags that must be set
	Forbid     HeaderFlags      // flags that must not be set
	NSID       string           // the server's name; empty: any
	MaxLatency time.Duration    // 0: any
}

// verdict is the judgement on one question, with a reason for a person.
type verdict struct {
	outcome Outcome
	reason  string
}

// judge decides what the legs of one question are worth. It is pure, and every
// way through it that is not a pass says why.
func judge(q Question, a Ask, e Expect, legs []Leg) verdict {
	if len(legs) == 0 {
		return verdict{Internal, "nothing was asked"}
	}
	for i, leg := range legs {
		if leg.Reply == nil {
			return noAnswer(legs[:i], leg)
		}
	}
	if v := disagreement(q, legs); v != nil {
		return *v
	}
	for i, leg := range legs {
		if leg.Reply.Truncated {
			if leg.Transport == UDP && i+1 < len(legs) {
				continue // the TCP leg behind it holds the answer
			}
			return verdict{Truncated, "truncated over " + leg.Transport.String() + ", and no whole answer"}
		}
		if v := judgeReply(q, a, e, leg.Reply); v != nil {
			v.reason = prefix(legs, leg) + v.reason
			return *v
		}
	}
	if took := latency(legs); e.MaxLatency > 0 && took > e.MaxLatency {
		return verdict{Slow, fmt.Sprintf("answered in %v, more than the %v allowed", roundLatency(took), e.MaxLatency)}
	}
	return verdict{Pass, describe(q, legs)}
}

// noneCounts stands in front of what came in vain.
const noneCounts = "no answer that counts"

// noAnswer explains a leg without an answer. What came in vain is the better
// reason than the time-out at the end of waiting for something better.
func noAnswer(before []Leg, leg Leg) verdict {
	v := verdict{Internal, "no answer and no error"}
	if leg.Err != nil {
		v = verdict{leg.Err.Outcome, leg.Err.Detail}
	}
	if v.outcome == Timeout && len(leg.strays.kinds) > 0 {
		v = verdict{leg.strays.kinds[0].Kind, noneCounts}
	}
	if len(leg.strays.kinds) > 0 {
		v.reason += ", only: " + leg.strays.String()
	}
	if leg.Attempts > 1 {
		v.reason += fmt.Sprintf(" (%d tries)", leg.Attempts)
	}
	if len(before) > 0 && before[0].Reply.Truncated && v.outcome.IsVerdict() {
		return verdict{Truncated, "truncated over udp, and " + leg.Transport.String() + " gave no answer: " + v.reason}
	}
	v.reason = prefix(append(before, leg), leg) + v.reason
	return v
}

// disagreement compares the rcodes of the legs: a server that answers one way
// over UDP and another way over TCP is broken, whichever of them is wanted. A
// truncated answer has no say in it: dnsdist's TCAction, for one, says NOERROR
// for whatever is asked.
func disagreement(q Question, legs []Leg) *verdict {
	first := legs[0]
	if first.Reply.Truncated {
		return nil
	}
	for _, leg := range legs[1:] {
		if !leg.Reply.Truncated && first.Reply.Rcode != leg.Reply.Rcode {
			return &verdict{Disagree, fmt.Sprintf("%s over %s but %s over %s, for %s",
				RcodeName(first.Reply.Rcode), first.Transport, RcodeName(leg.Reply.Rcode), leg.Transport, q)}
		}
	}
	return nil
}

// judgeReply compares one whole reply with what is expected; nil is a pass.
func judgeReply(q Question, a Ask, e Expect, m *dns.Msg) *verdict {
	flags, found := flagsOf(m.MsgHdr), answering(q, m.Answer)
	missing, extra := e.Require&^flags, e.Forbid&flags
	name := nsidOf(m)
	switch {
	case !q.passes(m.Rcode):
		return &verdict{Rcode, rcodeReason(q, a, m.Rcode)}
	case e.NSID != "" && name == "":
		return &verdict{NSID, fmt.Sprintf("the server gives no NSID, %q expected", e.NSID)}
	case e.NSID != "" && name != e.NSID:
		return &verdict{NSID, fmt.Sprintf("answered by %q (NSID), %q expected", name, e.NSID)}
	case missing != 0:
		return &verdict{Flags, "flag not set: " + strings.Join(missing.Names(), ", ")}
	case extra != 0:
		return &verdict{Flags, "flag set: " + strings.Join(extra.Names(), ", ")}
	case len(found.of) < e.MinAnswers:
		return &verdict{Answers, fmt.Sprintf("%s with %s, at least %d expected%s", RcodeName(m.Rcode), count(len(found.of), "answer"), e.MinAnswers, besides(q, m, len(found.of)))}
	}
	for _, want := range e.Answer {
		if came := slices.Concat(found.of, found.way); !anyMatches(came, want) {
			return &verdict{Mismatch, mismatch(came, want) + besides(q, m, len(came))}
		}
	}
	return nil
}

// besides says that there are records which do not answer the question: who looks with dig sees them.
func besides(q Question, m *dns.Msg, said int) string {
	if others := len(m.Answer) - said; others > 0 {
		return fmt.Sprintf("; what else the answer section holds (%s) does not answer %s", count(others, "record"), q)
	}
	return ""
}

// rcodeReason adds to an unexpected rcode what most often mends it.
func rcodeReason(q Question, a Ask, rcode int) string {
	reason := fmt.Sprintf("%s, expected %s", RcodeName(rcode), q.wanted())
	switch {
	case rcode == dns.RcodeRefused: // one without recursion refuses the root, too
		reason += "; let this host ask (the server's access control), or ask for a zone it serves with --name"
	case (rcode == dns.RcodeFormatError || rcode == dns.RcodeNotImplemented) && !a.NoEDNS:
		reason += "; a server that does not know EDNS says so: ask with --no-edns" // RFC 6891 section 7
	}
	return reason
}

// RRText returns the text of a record that --answer is matched against:
// "NAME CLASS TYPE RDATA" with single spaces and without the TTL, which
// counts down in every cache.
func RRText(rr dns.RR) string {
	h := rr.Header()
	text := []string{h.Name, dns.Class(h.Class).String(), dns.Type(h.Rrtype).String()}
	// The library puts the header in front of the rdata, with a tab behind each
	// of its four fields. It writes the class and type of a record that it does
	// not know in another way there than here (RFC 3597).
	if fields := strings.SplitN(rr.String(), "\t", 5); len(fields) == 5 {
		text = append(text, fields[4])
	}
	return strings.Join(text, " ")
}

// latency is what a client waits: the slower leg, or both legs of an answer
// that came truncated first.
func latency(legs []Leg) time.Duration {
	var total, slowest time.Duration
	for i, leg := range legs {
		total += leg.Latency
		slowest = max(slowest, leg.Latency)
		if i == 0 && leg.Reply != nil && !leg.Reply.Truncated {
			total = 0
		}
	}
	return max(total, slowest)
}

func describe(q Question, legs []Leg) string {
	last := legs[len(legs)-1]
	s := fmt.Sprintf("%s, %s, %d bytes", RcodeName(last.Reply.Rcode), count(len(answering(q, last.Reply.Answer).of), "answer"), last.Size)
	if legs[0].Reply.Truncated {
		s += ", truncated over udp and whole over " + last.Transport.String()
	}
	return s
}

// prefix names the transport where there is more than one.
func prefix(legs []Leg, leg Leg) string {
	if len(legs) < 2 {
		return ""
	}
	return leg.Transport.String() + ": "
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// roundLatency keeps three digits or so.
func roundLatency(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond)
	default:
		return d.Round(time.Microsecond)
	}
}
