package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/site"
)

// find reads everything that is compared, and compares it. To ask keepalived takes a while, and the kernel may change meanwhile: it is
// read before and after.
func find(ctx context.Context, o driftOptions, stderr io.Writer) (in drift.Input, found []drift.Difference, err error) {
	say := func(text string) { fmt.Fprintf(stderr, "lvsdns drift: %s\n", text) }
	k := site.Keepalived{File: o.config, Root: o.root, ConfigID: o.configID, Version: o.version, PIDFile: o.pidFile, NetNS: o.netns, Say: say}
	r, err := k.Read()
	switch {
	case errors.Is(err, os.ErrNotExist):
		return in, nil, fmt.Errorf("%w; --keepalived-config says where it is", err)
	case err != nil:
		return in, nil, err
	case r.NoVersion != nil:
		say(fmt.Sprintf("%v: the configuration is read by the rules of the newest; --keepalived-version sets it", r.NoVersion))
	}
	in.Config = r.Config
	if in.Kernel, in.Limited, err = k.Table(ctx, in.Config); err != nil {
		return in, nil, err
	}
	var steady drift.Steady
	steady.Find(in)
	if err := believe(ctx, o, k, &in); err != nil {
		return in, nil, err
	}
	// Those of another network namespace can be read only in it.
	if k.Elsewhere(in.Config) == "" {
		if in.Estimator.Sysctls, err = host.ReadEstimatorSysctls(o.root); err != nil {
			return in, nil, err
		}
		if in.Flows, err = host.ReadFlowSysctls(o.root); err != nil {
			return in, nil, err
		}
	}
	in.Scripts = k.Scripts(in.Config)
	return in, steady.Find(in), nil
}

// believe puts in what keepalived believes, if somebody wants to know, and after that the kernel anew. Who is not there or does not answer is a
// difference: what can be compared without the state dump matters more then than ever.
func believe(ctx context.Context, o driftOptions, k site.Keepalived, in *drift.Input) (err error) {
	const where = "--pid-file says where keepalived has its process ID, --state-dump where it writes its state"
	if !o.signal {
		if o.stateDump != "" {
			in.Belief, err = site.ReadBelief(o.stateDump)
		}
		return err
	}
	in.Belief, err = (&site.Belief{DumpFile: o.stateDump}).Ask(ctx, k, in.Config)
	switch {
	case site.Unanswered(err) && ctx.Err() == nil:
		k.Say(fmt.Sprintf("%v: going on without it; %s", err, where))
		in.Absent = err
		return nil
	case err != nil:
		return fmt.Errorf("%w; %s", err, where)
	}
	k.Say = nil // it has been said
	in.Kernel, _, err = k.Table(ctx, in.Config)
	return err
}
