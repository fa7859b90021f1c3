package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// belief reads keepalived's state dump; nil without one.
func belief(ctx context.Context, o driftOptions, cfg *keepalived.Config) (*keepalived.Belief, error) {
	text, name, err := dump(ctx, o, cfg)
	if name == "" || err != nil {
		return nil, err
	}
	b := keepalived.ParseBelief(text)
	if len(b.VirtualServers) == 0 && len(cfg.VirtualServers) > 0 {
		return nil, fmt.Errorf("%s names no virtual server: it must be the keepalived_check.data that keepalived writes after SIGUSR1", name)
	}
	return &b, nil
}

// dump is the text of the state dump and the file that it comes from; no file if nobody wants it.
func dump(ctx context.Context, o driftOptions, cfg *keepalived.Config) (text, name string, err error) {
	if !o.signal {
		if o.stateDump == "" {
			return "", "", nil
		}
		content, err := os.ReadFile(o.stateDump)
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
	if err != nil {
		return "", "", fmt.Errorf("%w; --pid-file says where keepalived has its process ID, --state-dump where it writes its state", err)
	}
	return text, name, nil
}
