package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/bounded"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// answering is how long keepalived may take to write its state dump.
const answering = 10 * time.Second

// ReadBelief reads a state dump that keepalived has written already.
func ReadBelief(file string) (*keepalived.Belief, error) {
	text, err := bounded.ReadFile(file, host.MaxDump)
	if err != nil {
		return nil, fmt.Errorf("read keepalived's state dump: %w", err)
	}
	b := keepalived.ParseBelief(string(text))
	if len(b.VirtualServers) == 0 && len(b.Notes) > 0 {
		return nil, fmt.Errorf("%s is not the keepalived_check.data that keepalived writes after SIGUSR1: %s", file, b.Notes[0].Text)
	}
	return &b, nil
}

// Belief is what keepalived says that it believes, when it is asked. It is for one user at a time.
type Belief struct {
	DumpFile string        // where keepalived writes, as it sees it; empty: by its configuration
	Interval time.Duration // it is not asked more often than this

	dump host.StateDump
	at   time.Time
	last *keepalived.Belief
}

// Ask asks the keepalived with this configuration. An answer that is given again is the same pointer.
func (b *Belief) Ask(ctx context.Context, k Keepalived, c *keepalived.Config) (*keepalived.Belief, error) {
	ctx, cancel := context.WithTimeout(ctx, answering)
	defer cancel()
	b.dump.Root, b.dump.Interval = k.Root, b.Interval
	b.dump.PIDFile = cmp.Or(k.PIDFile, c.Global.PIDFile())
	text, at, err := b.dump.Read(ctx, cmp.Or(b.DumpFile, c.Global.StateDump()))
	if err != nil {
		return nil, err
	}
	if b.last == nil || at != b.at {
		parsed := keepalived.ParseBelief(text)
		b.at, b.last = at, &parsed
	}
	return b.last, nil
}

// Unanswered reports whether an error of [Belief.Ask] says that keepalived is not there, or does not answer. What can be compared
// without its state dump matters more then than ever.
func Unanswered(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}
