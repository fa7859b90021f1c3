// Package probe runs keepalived's checkers: it asks a real server what the
// configuration says and reports what it found. What that means for anybody is
// for package health to say.
//
// A probe that could not even ask, because a socket or a process of this host
// was not to be had, reports that nothing was learnt. keepalived takes some of
// these for a success and some for no result (check_misc.c, check_dns.c); a
// fault of the director must neither take real servers out nor put any in.
package probe

import (
	"context"
	"fmt"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Probe asks once. It returns soon after the context ends.
type Probe func(context.Context) health.Result

// Options are what all probes share.
type Options struct {
	Scripts host.ScriptReader        // whether and as whom a script may run
	Getenv  func(name string) string // for lvsdns-check, which is run inside this process
	Environ []string                 // of scripts
	Fork    bool                     // start lvsdns-check as a script like any other
	Buffers *checker.Buffers         // of lvsdns-check inside this process; nil: none are kept
}

// Unsupported is a check that no probe can be made of. Its virtual server is left alone; see package plan.
type Unsupported struct {
	Pos  keepalived.Pos // of what it is about
	Text string         // what it is, and how to mend it: one line without the place
}

func (u *Unsupported) Error() string { return u.Pos.String() + ": " + u.Text }

func unsupported(pos keepalived.Pos, format string, args ...any) error {
	return &Unsupported{pos, fmt.Sprintf(format, args...)}
}

// New makes the probe of a check. The error is an [*Unsupported].
func New(check *health.Check, o Options) (Probe, error) {
	k := check.Config
	switch k.Kind {
	case keepalived.MiscCheck:
		return misc(k, o)
	case keepalived.DNSCheck:
		return dns(k)
	case keepalived.TCPCheck:
		return tcp(k), nil
	case keepalived.UDPCheck:
		return udp(k)
	case keepalived.HTTPGet, keepalived.SSLGet:
		return web(check)
	case keepalived.SMTPCheck:
		return smtp(k), nil
	case keepalived.PingCheck:
		return ping(k), nil
	case keepalived.FileCheck:
		return file(k)
	case keepalived.BFDCheck:
		return nil, unsupported(k.Pos, "BFD_CHECK: the BFD session belongs to keepalived; use another check")
	}
	return nil, unsupported(k.Pos, "%s is not supported; use another check", k.Kind)
}

func fail(format string, args ...any) health.Result {
	return health.Result{Reason: fmt.Sprintf(format, args...)}
}

// unknown is a result from which nothing is learnt about the real server.
func unknown(format string, args ...any) health.Result {
	return health.Result{Unknown: true, Reason: fmt.Sprintf(format, args...)}
}
