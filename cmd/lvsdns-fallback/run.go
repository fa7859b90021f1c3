package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/daemon"
	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/fallback"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/fallback/probe"
	"github.com/lvsdns/lvsdns/internal/fallback/survey"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
)

func runCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	arguments, err := config.FallbackArguments(args)
	if err == nil && arguments.Help {
		fmt.Fprint(stdout, config.FallbackUsage())
		return exitSame
	}
	var settings *config.Fallback
	if err == nil {
		settings, err = config.LoadFallback(arguments.File, arguments.Asked, arguments.Flags)
	}
	if err == nil {
		if os.Getenv("GOGC") == "" {
			// Most of the memory is the configuration, which stays: with Go's default there would be as much garbage again.
			debug.SetGCPercent(30)
		}
		err = serve(ctx, settings, daemon.New(settings.Log.Format, settings.Log.Level, stderr))
	}
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns-fallback run: %v\n", err)
		return exitError
	}
	return exitSame
}

// checkCommand reads the settings as run does, and says what is wrong with them.
func checkCommand(args []string, stdout, stderr io.Writer) int {
	arguments, err := config.FallbackArguments(args)
	if err == nil && arguments.Help {
		fmt.Fprint(stdout, config.FallbackUsage())
		return exitSame
	}
	if err == nil {
		_, err = config.LoadFallback(arguments.File, arguments.Asked, arguments.Flags)
	}
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns-fallback check-config: %v\n", err)
		return exitError
	}
	fmt.Fprintln(stdout, arguments.Checked())
	return exitSame
}

// serve holds the guard, and runs until it is told to end or to hand back.
func serve(ctx context.Context, s *config.Fallback, d *daemon.Daemon) error {
	// SIGUSR1 is how "lvsdns-fallback hand-back" asks; it ends as SIGTERM does. From before the lock is held, which is when it
	// may come: Go drops it where nobody listens.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGUSR1)
	defer stop()
	log, hangup := d.Log, daemon.Hangups(ctx) // while it stands by, too
	from := survey.Director{
		Keepalived:  site.Keepalived{File: s.ConfigFile, ConfigID: s.ConfigID, Version: s.Version, NetNS: s.NetNS},
		SkipUnknown: s.SkipUnknown,
	}
	cfg, _, err := from.Load()
	if err != nil {
		return err
	}
	if name := cfg.Global.NetNamespace.V; name != "" && s.NetNS == "" {
		return fmt.Errorf("%s: keepalived works in net_namespace %s, and its checks leave from there: start this as ip netns exec %[2]s lvsdns-fallback run --netns %[2]s", cfg.Global.NetNamespace.Pos, name)
	}
	kernel, err := from.Kernel(cfg)
	if err != nil {
		return err
	}
	defer kernel.Close()
	for _, w := range warnings(cfg) {
		log.Warn(w)
	}
	options := fallback.Options{
		Load: from.Load, Kernel: kernel, Floor: float64(s.FloorPercent) / 100, StateFile: s.StateFile, DryRun: s.DryRun,
		Interval: s.Interval, Parallel: s.Parallel, Local: localAddresses, Log: log,
		Probe: probe.Options{Getenv: os.Getenv, Environ: os.Environ(), Fork: s.ForkDNSChecks, Buffers: new(checker.Buffers)},
		Ready: d.Ready, Alive: d.Alive, Reload: hangup,
	}
	if !s.DryRun {
		held, err := take(ctx, s, cfg, d)
		if err != nil && ctx.Err() != nil {
			log.Info("ends, and has written nothing") // it was told to while it stood by
			return nil
		}
		if err != nil {
			return err
		}
		defer held.Release()
		options.Guard = held.Mine
	}
	if s.ReportFile != "" && !s.DryRun {
		options.Report = reporter(s.ReportFile, log)
		defer os.Remove(s.ReportFile)
	}
	defer d.Stopping()
	if err := fallback.Run(ctx, options); err != nil && ctx.Err() == nil {
		return err
	}
	log.Info("ends; the table stays as it is")
	return nil
}

// warnings are what a configuration will do to clients that nobody may expect. A setting of the kernel that cannot be read counts as set,
// since a warning must be sure.
func warnings(cfg *keepalived.Config) []string {
	all := plan.UDPWarnings(cfg)
	sysctls, _ := host.ReadFlowSysctls("/")
	for _, d := range drift.FlowSettings(cfg, sysctls) {
		all = append(all, d.Sentence())
	}
	return append(all, plan.Silent(cfg)...)
}

func localAddresses() (map[netip.Addr]bool, error) {
	all, err := host.Addresses()
	local := map[netip.Addr]bool{}
	for _, a := range all {
		local[a.Addr] = true
	}
	return local, err
}
