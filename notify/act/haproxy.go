package act

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// HAProxy brings servers and frontends into a state.
type HAProxy struct {
	Socket             string
	Servers, Frontends []string // servers as backend/server
	To                 string   // ready, drain, maint or disable
}

// Do implements Action. It looks first and changes only what is not as it should be, by what is set for a server and not by how
// its checks are. For a HAProxy that does not listen it waits until its deadline.
func (h HAProxy) Do(ctx context.Context, _ Call) (string, error) {
	now, err := readProxies(ctx, h.Socket)
	for ctx.Err() == nil && (errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED)) {
		// It may be about to start, as keepalived is when both do so at boot.
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return "", err
		}
		now, err = readProxies(ctx, h.Socket)
	}
	if err != nil {
		return "", err
	}
	var errs []error
	changed := 0
	do := func(command string) {
		answer, err := ask(ctx, h.Socket, command)
		if err == nil && answer != "" { // It is silent when all went well.
			err = fmt.Errorf("HAProxy at %s: %s: %s", h.Socket, command, fields(answer))
		}
		if err != nil {
			errs = append(errs, err)
			return
		}
		changed++
	}
	to := strings.Replace(h.To, "disable", maint, 1)
	for _, name := range h.Servers {
		s, ok := now.servers[name]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("HAProxy at %s has no server %s", h.Socket, name))
		case s.set() != to:
			do("set server " + name + " state " + to)
		}
	}
	for _, frontend := range h.Frontends {
		status, ok := now.frontends[frontend]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("HAProxy at %s has no frontend %s", h.Socket, frontend))
		case h.To == ready && !serves(status):
			do("enable frontend " + frontend)
		case h.To != ready && serves(status):
			do("disable frontend " + frontend)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	text := fmt.Sprintf("%d of %d changed to %s", changed, len(h.Servers)+len(h.Frontends), h.To)
	if to != ready || len(h.Servers) == 0 {
		return text, nil
	}
	// What was just set may have freed others that track it, so look again.
	if now, err = readProxies(ctx, h.Socket); err != nil {
		return "", err
	}
	for _, name := range h.Servers {
		if why := now.servers[name].held(); why != "" {
			text += "; " + name + " takes no clients: " + why
		}
	}
	return text, nil
}
