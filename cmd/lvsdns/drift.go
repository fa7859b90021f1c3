package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/lvsdns/lvsdns/internal/drift"
)

const driftUsage = `usage: lvsdns drift [flags]

Compares keepalived.conf with the IPVS table of the kernel and, if it is given,
with what keepalived believes. It changes nothing.
Exit status: 0 nothing to mend, 2 a warning or worse, 1 an error.

`

// driftOptions are the flags of lvsdns drift.
type driftOptions struct {
	config    string
	configID  string
	version   string
	stateDump string
	signal    bool
	pidFile   string
	output    string
	root      string
	netns     string
}

func parseDrift(args []string, stdout, stderr io.Writer) (driftOptions, error) {
	var o driftOptions
	f := flag.NewFlagSet("lvsdns drift", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.config, "keepalived-config", "/etc/keepalived/keepalived.conf", "keepalived's configuration `file`")
	f.StringVar(&o.configID, "config-id", "", "keepalived's --config-id, for conditional lines (default: the host's name)")
	f.StringVar(&o.version, "keepalived-version", "", "keepalived's `version`, by whose rules the configuration is read (default: what its program says)")
	f.StringVar(&o.stateDump, "state-dump", "", "`file` that keepalived wrote its belief to after SIGUSR1, such as /tmp/keepalived_check.data")
	f.BoolVar(&o.signal, "signal", false, "send keepalived SIGUSR1, so that it writes its belief, and read that")
	f.StringVar(&o.pidFile, "pid-file", "", "keepalived's pid `file`, for --signal (default: where keepalived has it by its configuration, such as /run/keepalived.pid)")
	f.StringVar(&o.output, "output", "text", "text or json")
	f.StringVar(&o.root, "root", "", "`directory` to take for /: its proc/net/ip_vs is read, and not this kernel")
	f.StringVar(&o.netns, "netns", "", "network namespace, by its `name` (default: net_namespace_ipvs or net_namespace of the configuration)")
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, driftUsage)
		f.SetOutput(stdout)
		f.PrintDefaults()
	case err != nil:
	case f.NArg() > 0:
		err = fmt.Errorf("there is nothing to do with %q; lvsdns drift takes flags only", f.Arg(0))
	case o.output != "text" && o.output != "json":
		err = fmt.Errorf("--output is %q; it must be text or json", o.output)
	case o.signal && o.root != "":
		err = errors.New("--signal asks the keepalived of this host; leave out --root")
	}
	return o, err
}

func driftCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseDrift(args, stdout, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitClean
	}
	var in drift.Input
	var found []drift.Difference
	if err == nil {
		in, found, err = find(ctx, o, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns drift: %v\n", err)
		return exitError
	}
	if o.output == "json" {
		err = writeJSON(stdout, in, found)
	} else {
		err = writeText(stdout, in, found)
	}
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns drift: write the result: %v\n", err)
		return exitError
	}
	if drift.Worst(found) == drift.Info {
		return exitClean
	}
	return exitFound
}
