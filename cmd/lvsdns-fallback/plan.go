package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/fallback/survey"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
)

const planUsage = `usage: lvsdns-fallback plan [flags]

Prints the writes that would bring the kernel's IPVS table to what keepalived.conf
orders, one line each, in their order. It writes nothing, runs nothing and signals
nobody, so it is safe while keepalived is in charge.
Exit status: 0 the kernel is as configured, 2 it differs, 1 an error.

`

type planOptions struct {
	survey.Director
	health    survey.Health
	stateDump string
	output    string
}

func parsePlan(args []string, stdout io.Writer) (planOptions, error) {
	var o planOptions
	f := flag.NewFlagSet("lvsdns-fallback plan", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	sourceFlags(f, &o.Director)
	f.StringVar((*string)(&o.health), "health", string(survey.Configured), "`which` real servers are healthy: configured, all of them; kernel, those that serve now; keepalived, those of --state-dump")
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
	case o.health != survey.Configured && o.health != survey.Serving && o.health != survey.Believed:
		err = fmt.Errorf("--health is %q; it must be configured, kernel or keepalived", o.health)
	case (o.health == survey.Believed) != (o.stateDump != ""):
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

// make reads the state dump, if there is one, and compares.
func (o planOptions) make(ctx context.Context) (plan.Plan, error) {
	var dump *keepalived.Belief
	if o.health == survey.Believed {
		var err error
		if dump, err = site.ReadBelief(o.stateDump); err != nil {
			return plan.Plan{}, err
		}
	}
	return o.Plan(ctx, o.health, dump)
}
