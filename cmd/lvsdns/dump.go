package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/bounded"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// belief reads keepalived's state dump; nil without one. absent is why keepalived has not written it.
func belief(ctx context.Context, o driftOptions, cfg *keepalived.Config, stderr io.Writer) (b *keepalived.Belief, absent, err error) {
	const where = "--pid-file says where keepalived has its process ID, --state-dump where it writes its state"
	text, name, err := dump(ctx, o, cfg)
	switch {
	case unanswered(ctx, o, err):
		fmt.Fprintf(stderr, "lvsdns drift: %v: going on without it; %s\n", err, where)
		return nil, err, nil
	case err != nil && o.signal:
		return nil, nil, fmt.Errorf("%w; %s", err, where)
	case err != nil || name == "":
		return nil, nil, err
	}
	parsed := keepalived.ParseBelief(text)
	if len(parsed.VirtualServers) == 0 && len(parsed.Notes) > 0 {
		return nil, nil, fmt.Errorf("%s is not the keepalived_check.data that keepalived writes after SIGUSR1: %s", name, parsed.Notes[0].Text)
	}
	return &parsed, nil, nil
}

// unanswered reports whether keepalived was asked, and is not there or does not answer. What can be compared without its state
// dump matters more then than ever.
func unanswered(ctx context.Context, o driftOptions, err error) bool {
	return o.signal && ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH))
}

// dump is the text of the state dump and the file that it comes from; no file if nobody wants it.
func dump(ctx context.Context, o driftOptions, cfg *keepalived.Config) (text, name string, err error) {
	if !o.signal {
		if o.stateDump == "" {
			return "", "", nil
		}
		content, err := bounded.ReadFile(o.stateDump, host.MaxDump)
		if err != nil {
			return "", "", fmt.Errorf("read keepalived's state dump: %w", err)
		}
		return string(content), o.stateDump, nil
	}
	if name = o.stateDump; name == "" {
		name = cfg.Global.StateDump()
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text, _, err = (&host.StateDump{PIDFile: cmp.Or(o.pidFile, cfg.Global.PIDFile())}).Read(ctx, name)
	return text, name, err
}
