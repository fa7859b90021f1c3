package labtest

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Traffic is a steady stream of questions.
type Traffic struct {
	Question
	UDP, TCP int // questions a second
}

// Load is traffic under way from a host. Its counts are kept apart by phase: a question
// belongs to the phase in which it was asked, whenever its answer comes.
type Load struct {
	stop   context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	phases []Phase
}

// Phase is what happened to the questions of one phase.
type Phase struct {
	Name     string
	UDP, TCP Count
}

// Count sorts questions by their fate. What is neither answered, wrong nor lost is
// still under way.
type Count struct {
	Sent     int
	Answered int // NOERROR with at least one record
	Wrong    int // any other reply
	Lost     int // no reply in time, connection refused, reset
}

// Failed is the number of questions that did not get what the client needs.
func (c Count) Failed() int { return c.Wrong + c.Lost }

// Load asks steadily from the host, each question from a fresh port, until
// Stop or the end of the lab.
func (h *Host) Load(t Traffic, phase string) *Load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Load{stop: cancel, phases: []Phase{{Name: phase}}}
	h.closers = append(h.closers, func() { l.Stop() })
	udp, tcp := t.Question, t.Question
	udp.TCP, tcp.TCP = false, true
	l.wg.Go(func() { l.ask(ctx, h, udp, t.UDP) })
	l.wg.Go(func() { l.ask(ctx, h, tcp, t.TCP) })
	return l
}

// Phase begins another phase.
func (l *Load) Phase(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phases = append(l.phases, Phase{Name: name})
}

// Phases are the counts so far.
func (l *Load) Phases() []Phase {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.phases)
}

// Stop ends the traffic, waits for the questions under way and returns all counts.
func (l *Load) Stop() []Phase {
	l.stop()
	l.wg.Wait()
	return l.Phases()
}

// ask starts rate questions a second, each in its own goroutine, so that a lost one
// does not thin out the stream.
func (l *Load) ask(ctx context.Context, h *Host, q Question, rate int) {
	if rate <= 0 {
		return
	}
	ticker := time.NewTicker(time.Second / time.Duration(rate))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		phase := l.sent(q.TCP)
		l.wg.Go(func() {
			a, err := h.Ask(q)
			l.count(phase, q.TCP, func(c *Count) {
				switch {
				case err != nil:
					c.Lost++
				case a.Rcode != "NOERROR" || a.Answers == 0 && !a.TC:
					c.Wrong++
				default:
					c.Answered++
				}
			})
		})
	}
}

// sent counts a question and returns the number of its phase.
func (l *Load) sent(tcp bool) int {
	l.mu.Lock()
	phase := len(l.phases) - 1
	l.mu.Unlock()
	l.count(phase, tcp, func(c *Count) { c.Sent++ })
	return phase
}

func (l *Load) count(phase int, tcp bool, add func(*Count)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &l.phases[phase].UDP
	if tcp {
		c = &l.phases[phase].TCP
	}
	add(c)
}
