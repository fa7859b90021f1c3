package checker

import (
	"net/netip"
	"time"
)

// Result is what a check found, as values.
type Result struct {
	Server    netip.AddrPort
	Transport Transport
	Outcome   Outcome
	Reason    string           // one line for a person
	Weight    *int             // for misc_dynamic; nil: as configured
	Decided   QuestionResult   // the question that decided
	Questions []QuestionResult // all of them, in order
}

// QuestionResult is what one question met.
type QuestionResult struct {
	Question Question
	Outcome  Outcome
	Reason   string
	Rcode    *int // nil: no answer
	Flags    HeaderFlags
	Answers  int            // records that answer the question
	Size     int            // of the answer, in bytes
	Latency  *time.Duration // what a client waits; nil: no answer
	Attempts int            // tries, over all transports
}

func questionResult(a answer) QuestionResult {
	r := QuestionResult{Question: a.question, Outcome: a.outcome, Reason: a.reason}
	for _, leg := range a.legs {
		r.Attempts += leg.attempts
		if m := leg.reply; m != nil {
			rcode := m.Rcode
			r.Rcode, r.Flags, r.Answers, r.Size = &rcode, flagsOf(m.MsgHdr), len(answering(a.question, m.Answer).of), leg.size
		}
	}
	if r.Rcode != nil {
		took := latency(a.legs)
		r.Latency = &took
	}
	return r
}
