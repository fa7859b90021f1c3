package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/flows"
	"github.com/lvsdns/lvsdns/internal/flows/show"
)

const flowsUsage = `usage: lvsdns flows [flags] [ADDRESS|ADDRESS:PORT ...]

Lists UDP flows that the kernel still binds to a real server which is not there
any more: of all virtual servers, or of those that are named. With --delete it
deletes the entries that it has listed from conntrack's table, one by one, and
no others. What IPVS's own table holds nobody can delete; it says what helps.
With --to drained those of a real server with weight 0 too, and the clients that
persistence keeps with one.
Exit status: 0 nothing is bound to such a server any more, 2 something is, 1 an
error. With --to all it is 0 or 1.

`

// flowsOptions are the flags of lvsdns flows.
type flowsOptions struct {
	names  []string
	to     string
	remove bool
	most   int
	watch  time.Duration
	output string
	root   string
}

func parseFlows(args []string, stdout io.Writer) (flowsOptions, error) {
	var o flowsOptions
	f := flag.NewFlagSet("lvsdns flows", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.to, "to", "removed", "which flows, by their real server: removed, drained (those too with weight 0) or all")
	f.BoolVar(&o.remove, "delete", false, "delete the listed flows from conntrack's table")
	f.IntVar(&o.most, "max", 1000, "list, and delete, at most so `many`")
	f.DurationVar(&o.watch, "watch", 0, "look again after each such `time`, until interrupted")
	f.StringVar(&o.output, "output", "text", "text or json")
	f.StringVar(&o.root, "root", "", "`directory` to take for /: its proc/net/ip_vs and ip_vs_conn are read, and not this kernel's IPVS")
	err := f.Parse(args)
	o.names = f.Args()
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, flowsUsage)
		f.SetOutput(stdout)
		f.PrintDefaults()
	case err != nil:
	case o.to != "removed" && o.to != "drained" && o.to != "all":
		err = fmt.Errorf("--to is %q; it must be removed, drained or all", o.to)
	case o.output != "text" && o.output != "json":
		err = fmt.Errorf("--output is %q; it must be text or json", o.output)
	case o.most < 1:
		err = fmt.Errorf("--max is %d; it must be 1 or more", o.most)
	case o.watch != 0 && o.watch < time.Second:
		err = fmt.Errorf("--watch is %v; it must be 1s or more, because each look reads the whole table", o.watch)
	case o.watch != 0 && o.remove:
		err = errors.New("--watch and --delete do not go together: look first, then delete")
	}
	return o, err
}

// wants says which flows are listed.
func (o flowsOptions) wants(t conntrack.Target) bool {
	switch o.to {
	case "removed":
		return t == conntrack.Removed
	case "drained":
		return t == conntrack.Removed || t == conntrack.Drained
	default:
		return true
	}
}

func flowsCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlows(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return exitClean
	}
	var report flows.Report
	for err == nil {
		if report, err = flows.Find(ctx, flows.Query{Names: o.names, Wants: o.wants, Most: o.most, Delete: o.remove}, flowTables(o.root)); err == nil {
			err = writeFlows(stdout, report, o.output)
		}
		if o.watch == 0 || err != nil {
			break
		}
		select {
		case <-ctx.Done():
			return exitClean
		case <-time.After(o.watch):
			fmt.Fprintln(stdout)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns flows: %v\n", err)
		return exitError
	}
	if o.to != "all" && report.StillBound() > 0 {
		return exitFound
	}
	return exitClean
}

func writeFlows(w io.Writer, r flows.Report, output string) (err error) {
	text := show.Text(r)
	if output == "json" {
		text, err = show.JSON(r)
	}
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
