package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/lvsdns/lvsdns/internal/bounded"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

const planUsage = `usage: lvsdns-fallback plan [flags]

Prints the writes that would bring the kernel's IPVS table to what keepalived.conf
orders, one line each, in their order. It writes nothing, runs nothing and signals
nobody, so it is safe while keepalived is in charge.
Exit status: 0 the kernel is as configured, 2 it differs, 1 an error.

`

type planOptions struct {
	source
	health    string
	stateDump string
	output    string
}

func parsePlan(args []string, stdout io.Writer) (planOptions, error) {
	var o planOptions
	f := flag.NewFlagSet("lvsdns-fallback plan", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	o.flags(f)
	f.StringVar(&o.health, "health", "configured", "`which` real servers are healthy: configured, all of them; kernel, those that serve now; keepalived, those of --state-dump")
	f.StringVar(&o.stateDump, "state-dump", "", "`file` that keepalived wrote its belief to after SIGUSR1, such as /tmp/keepalived_check.data; for --health keepalived")
	f.StringVar(&o.output, "output", "text", "text or json")
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, planUsage)
		f.SetOutput(stdout)
		f.PrintDefaults()
	case err != nil:
	case f.NArg() > 0:
		err = fmt.Errorf("there is nothing to do with %q; lvsdns-fallback plan takes flags only", f.Arg(0))
	case o.output != "text" && o.output != "json":
		err = fmt.Errorf("--output is %q; it must be text or json", o.output)
	case o.health != "configured" && o.health != "kernel" && o.health != "keepalived":
		err = fmt.Errorf("--health is %q; it must be configured, kernel or keepalived", o.health)
	case (o.health == "keepalived") != (o.stateDump != ""):
		err = errors.New("--health keepalived and --state-dump need each other")
	}
	return o, err
}

func planCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parsePlan(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return exitSame
	}
	var p plan.Plan
	if err == nil {
		p, err = o.make(ctx)
	}
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns-fallback plan: %v\n", err)
		return exitError
	}
	if o.output == "json" {
		err = p.WriteJSON(stdout)
	} else {
		err = p.WriteText(stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns-fallback plan: write the plan: %v\n", err)
		return exitError
	}
	if p.Differs() {
		return exitDiffers
	}
	return exitSame
}

func (o planOptions) make(ctx context.Context) (plan.Plan, error) {
	c, blocks, err := o.load()
	if err != nil {
		return plan.Plan{}, err
	}
	if o.health == "keepalived" {
		text, err := bounded.ReadFile(o.stateDump, host.MaxDump)
		if err != nil {
			return plan.Plan{}, fmt.Errorf("read keepalived's state dump: %w", err)
		}
		b := keepalived.ParseBelief(string(text))
		if len(b.VirtualServers) == 0 && len(c.VirtualServers) > 0 {
			return plan.Plan{}, fmt.Errorf("%s names no virtual server: it must be the keepalived_check.data that keepalived writes after SIGUSR1", o.stateDump)
		}
		return o.compare(ctx, c, blocks, plan.FromBelief(c, &b))
	}
	return o.compare(ctx, c, blocks, keepalived.State{})
}

// compare looks at the kernel. With --health kernel that says who is healthy, too.
func (o planOptions) compare(ctx context.Context, c *keepalived.Config, blocks []plan.Block, state keepalived.State) (plan.Plan, error) {
	client, closer, err := o.client(c)
	if err != nil {
		return plan.Plan{}, err
	}
	defer closer()
	k, err := observe(ctx, client, c)
	if err != nil {
		return plan.Plan{}, err
	}
	in := plan.Input{Config: c, Names: plan.NamesOf(c), State: state, Blocked: blocks, Kernel: k.table, Timeouts: k.timeouts, Daemons: k.daemons}
	if o.health == "kernel" {
		in.State = plan.FromKernel(c, in.Names, k.table)
	}
	return plan.Make(in), nil
}
