package checker

import (
	"net/netip"
	"time"
)

// Report is what a check found, as values; the formats are made from it.
type Report struct {
	Server    netip.AddrPort
	Transport Transport
	Outcome   Outcome
	Reason    string           // one line for a person
	Weight    *int             // for misc_dynamic; nil: as configured
	Took      time.Duration    // the whole run; 0: nobody has measured it
	Decided   QuestionReport   // the question that decided
	Questions []QuestionReport // all of them, in order
}

// QuestionReport is what one question met.
type QuestionReport struct {
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

func questionReport(a answer) QuestionReport {
	r := QuestionReport{Question: a.question, Outcome: a.outcome, Reason: a.reason}
	for _, leg := range a.legs {
		r.Attempts += leg.Attempts
		if m := leg.Reply; m != nil {
			rcode := m.Rcode
			r.Rcode, r.Flags, r.Answers, r.Size = &rcode, flagsOf(m.MsgHdr), len(answering(a.question, m.Answer).of), leg.Size
		}
	}
	if r.Rcode != nil {
		took := latency(a.legs)
		r.Latency = &took
	}
	return r
}
