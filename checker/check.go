package checker

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Check is all that a check needs to know. Server, at least one question, and
// a timeout must be set; the rest has a useful zero value.
type Check struct {
	Server    netip.AddrPort
	Transport Transport
	Questions []Question
	Quorum    int // how many questions must pass; 0: all
	Ask       Ask
	Expect    Expect
	From      From
	Timeout   time.Duration  // one deadline for all that the check does
	Attempts  int            // tries inside the deadline; below 1 counts as 1
	WeightBy  *LatencyWeight // nil: no weight
	Encrypted Encrypted      // needed for the transports TLS and HTTPS
	Buffers   *Buffers       // nil: each try makes its own
	Spelling  Spelling       // of the settings that a reason may say to change
}

// Run asks and judges. It never returns later than the timeout by more than
// scheduling allows, and a panic inside is the outcome Internal.
func (c *Check) Run(ctx context.Context) Result {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	answers := make([]answer, len(c.Questions))
	if len(c.Questions) == 1 {
		answers[0] = c.one(ctx, c.Questions[0])
		return c.report(answers)
	}
	// Side by side, so that one silent zone does not use up the time of all.
	done := make(chan struct{})
	for i, q := range c.Questions {
		go func() {
			answers[i] = c.one(ctx, q)
			done <- struct{}{}
		}()
	}
	for range c.Questions {
		<-done
	}
	return c.report(answers)
}

// answer is one question with what it met and what that is worth.
type answer struct {
	question Question
	legs     []leg
	verdict
}

// one asks one question. The recover is here, and not higher up, because a
// panic in another goroutine would end the process with status 2, which
// keepalived's misc_dynamic reads as "up, weight 0".
func (c *Check) one(ctx context.Context, q Question) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{question: q, verdict: verdict{Internal, fmt.Sprintf("panic: %v", p)}}
		}
	}()
	legs := c.legs(ctx, q)
	return answer{q, legs, c.judge(q, legs)}
}

func (c *Check) legs(ctx context.Context, q Question) []leg {
	if c.Transport != UDP && c.Transport != Both {
		return []leg{c.stream(ctx, q, c.Transport)}
	}
	first := c.udp(ctx, q)
	if first.reply == nil || (c.Transport == UDP && !first.reply.Truncated) {
		return []leg{first}
	}
	return []leg{first, c.stream(ctx, q, TCP)}
}

// report folds the questions into one result: the question that decides is the
// first that failed, or the slowest when the check passed.
func (c *Check) report(answers []answer) Result {
	r := Result{Server: c.Server, Transport: c.Transport, Outcome: Internal, Reason: "no question"}
	if len(answers) == 0 {
		return r
	}
	need, passed, decides := c.Quorum, 0, -1
	if need <= 0 || need > len(answers) {
		need = len(answers)
	}
	var failed []string
	for i, a := range answers {
		r.Questions = append(r.Questions, questionResult(a))
		if a.outcome == Pass {
			passed++
			continue
		}
		failed = append(failed, a.question.String()+": "+a.reason)
		if decides < 0 {
			decides = i
		}
	}
	if passed >= need {
		decides = slowest(r.Questions)
	}
	r.Decided = r.Questions[decides]
	r.Outcome, r.Reason = r.Decided.Outcome, r.Decided.Reason
	if r.Outcome == Pass && c.WeightBy != nil {
		weight := c.WeightBy.At(*r.Decided.Latency)
		r.Weight = &weight
	}
	if len(answers) > 1 {
		r.Reason = fmt.Sprintf("%d of %d questions passed, %d needed", passed, len(answers), need)
		if len(failed) > 0 {
			r.Reason += "; failed: " + strings.Join(failed, "; ")
		}
	}
	return r
}

// slowest returns which of the questions that passed took longest.
func slowest(questions []QuestionResult) int {
	at := -1
	for i, q := range questions {
		if q.Outcome == Pass && (at < 0 || *q.Latency > *questions[at].Latency) {
			at = i
		}
	}
	return at
}
