package checker

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/checker/internal/words"
	"github.com/miekg/dns"
)

// Expect says what an answer must be, beyond the rcodes of its [Question].
// The zero value expects nothing more.
type Expect struct {
	MinAnswers int              // records that answer the question, at the end of its chain of aliases
	Answer     []*regexp.Regexp // each must match the text of some answer record, or of an alias that leads there, as "NAME CLASS TYPE RDATA"
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

// judge decides what the legs of one question are worth by what the check asks
// and expects. It is pure, and every way through it that is not a pass says why.
func (c *Check) judge(q Question, legs []leg) verdict {
	if len(legs) == 0 {
		return verdict{Internal, "nothing was asked"}
	}
	for i, leg := range legs {
		if leg.reply == nil {
			return noAnswer(legs[:i], leg)
		}
	}
	if v := disagreement(q, legs); v != nil {
		return *v
	}
	for i, leg := range legs {
		if leg.reply.Truncated {
			if leg.transport == UDP && i+1 < len(legs) {
				continue // the TCP leg behind it holds the answer
			}
			return verdict{Truncated, "truncated over " + leg.transport.String() + ", and no whole answer"}
		}
		if v := c.judgeReply(q, leg.reply); v != nil {
			v.reason = prefix(legs, leg) + v.reason
			return *v
		}
	}
	if took := latency(legs); c.Expect.MaxLatency > 0 && took > c.Expect.MaxLatency {
		return verdict{Slow, fmt.Sprintf("answered in %s, more than the %v allowed", words.Latency(took), c.Expect.MaxLatency)}
	}
	return verdict{Pass, describe(q, legs)}
}

// noneCounts stands in front of what came in vain.
const noneCounts = "no answer that counts"

// noAnswer explains a leg without an answer. What came in vain is the better
// reason than the time-out at the end of waiting for something better.
func noAnswer(before []leg, last leg) verdict {
	v := verdict{Internal, "no answer and no error"}
	if last.err != nil {
		v = verdict{last.err.Outcome, last.err.Detail}
	}
	if v.outcome == Timeout && len(last.strays.kinds) > 0 {
		v = verdict{last.strays.kinds[0].kind, noneCounts}
	}
	if len(last.strays.kinds) > 0 {
		v.reason += ", only: " + last.strays.String()
	}
	if last.attempts > 1 {
		v.reason += fmt.Sprintf(" (%d tries)", last.attempts)
	}
	if len(before) > 0 && before[0].reply.Truncated && v.outcome.IsVerdict() {
		return verdict{Truncated, "truncated over udp, and " + last.transport.String() + " gave no answer: " + v.reason}
	}
	v.reason = prefix(append(before, last), last) + v.reason
	return v
}

// disagreement compares the rcodes of the legs: a server that answers one way
// over UDP and another way over TCP is broken, whichever of them is wanted. A
// truncated answer has no say in it: dnsdist's TCAction, for one, says NOERROR
// for whatever is asked.
func disagreement(q Question, legs []leg) *verdict {
	first := legs[0]
	if first.reply.Truncated {
		return nil
	}
	for _, leg := range legs[1:] {
		if !leg.reply.Truncated && first.reply.Rcode != leg.reply.Rcode {
			return &verdict{Disagree, fmt.Sprintf("%s over %s but %s over %s, for %s",
				RcodeName(first.reply.Rcode), first.transport, RcodeName(leg.reply.Rcode), leg.transport, q)}
		}
	}
	return nil
}

// judgeReply compares one whole reply with what is expected; nil is a pass.
func (c *Check) judgeReply(q Question, m *dns.Msg) *verdict {
	e := c.Expect
	flags, found := flagsOf(m.MsgHdr), answering(q, m.Answer)
	missing, extra := e.Require&^flags, e.Forbid&flags
	name := nsidOf(m)
	switch {
	case !q.passes(m.Rcode):
		return &verdict{Rcode, c.rcodeReason(q, m.Rcode)}
	case e.NSID != "" && name == "":
		return &verdict{NSID, fmt.Sprintf("the server gives no NSID, %q expected", e.NSID)}
	case e.NSID != "" && name != e.NSID:
		return &verdict{NSID, fmt.Sprintf("answered by %q (NSID), %q expected", name, e.NSID)}
	case missing != 0:
		return &verdict{Flags, "flag not set: " + strings.Join(missing.Names(), ", ")}
	case extra != 0:
		return &verdict{Flags, "flag set: " + strings.Join(extra.Names(), ", ")}
	case len(found.of) < e.MinAnswers:
		return &verdict{Answers, fmt.Sprintf("%s with %s, at least %d expected%s", RcodeName(m.Rcode), words.Count(len(found.of), "answer"), e.MinAnswers, besides(q, m, len(found.of)))}
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
		return fmt.Sprintf("; what else the answer section holds (%s) does not answer %s", words.Count(others, "record"), q)
	}
	return ""
}

// rcodeReason adds to an unexpected rcode what most often mends it.
func (c *Check) rcodeReason(q Question, rcode int) string {
	reason := fmt.Sprintf("%s, expected %s", RcodeName(rcode), q.wanted())
	switch {
	case rcode == dns.RcodeRefused: // one without recursion refuses the root, too
		reason += "; let this host ask (the server's access control), or ask for a zone it serves" + words.With(c.Spelling.Name)
	case (rcode == dns.RcodeFormatError || rcode == dns.RcodeNotImplemented) && !c.Ask.NoEDNS:
		reason += "; a server that does not know EDNS says so: ask" + cmp.Or(words.With(c.Spelling.NoEDNS), " without it") // RFC 6891 section 7
	}
	return reason
}

// rrText returns the text of a record that [Expect.Answer] is matched against:
// "NAME CLASS TYPE RDATA" with single spaces and without the TTL, which
// counts down in every cache.
func rrText(rr dns.RR) string {
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
func latency(legs []leg) time.Duration {
	var total, slowest time.Duration
	for i, leg := range legs {
		total += leg.latency
		slowest = max(slowest, leg.latency)
		if i == 0 && leg.reply != nil && !leg.reply.Truncated {
			total = 0
		}
	}
	return max(total, slowest)
}

func describe(q Question, legs []leg) string {
	last := legs[len(legs)-1]
	s := fmt.Sprintf("%s, %s, %d bytes", RcodeName(last.reply.Rcode), words.Count(len(answering(q, last.reply.Answer).of), "answer"), last.size)
	if legs[0].reply.Truncated {
		s += ", truncated over udp and whole over " + last.transport.String()
	}
	return s
}

// prefix names the transport where there is more than one.
func prefix(legs []leg, one leg) string {
	if len(legs) < 2 {
		return ""
	}
	return one.transport.String() + ": "
}
