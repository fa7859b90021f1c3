package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/fallback"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/fallback/probe"
	"github.com/lvsdns/lvsdns/internal/host"
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
		err = serve(ctx, settings, logger(settings.Log, stderr))
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

func logger(l config.Log, to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// serve holds the guard, and runs until it is told to end or to hand back.
func serve(ctx context.Context, s *config.Fallback, log *slog.Logger) error {
	// SIGUSR1 is how "lvsdns-fallback hand-back" asks; it ends as SIGTERM does. From before the lock is held, which is when it
	// may come: Go drops it where nobody listens.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGUSR1)
	defer stop()
	from := source{config: s.ConfigFile, configID: s.ConfigID, version: s.Version, skipUnknown: s.SkipUnknown, netns: s.NetNS}
	cfg, _, err := from.load()
	if err != nil {
		return err
	}
	if name := cfg.Global.NetNamespace.V; name != "" && s.NetNS == "" {
		return fmt.Errorf("%s: keepalived works in net_namespace %s, and its checks leave from there: start this as ip netns exec %[2]s lvsdns-fallback run --netns %[2]s", cfg.Global.NetNamespace.Pos, name)
	}
	client, closer, err := from.client(cfg)
	if err != nil {
		return err
	}
	defer closer()
	for _, w := range append(plan.UDPWarnings(cfg, flowSysctls()), plan.Silent(cfg)...) {
		log.Warn(w)
	}
	options := fallback.Options{
		Load: from.load, Kernel: client, Floor: float64(s.FloorPercent) / 100, StateFile: s.StateFile, DryRun: s.DryRun,
		Interval: s.Interval, Parallel: s.Parallel, Local: localAddresses, Log: log,
		Probe: probe.Options{Getenv: os.Getenv, Environ: os.Environ(), Fork: s.ForkDNSChecks, Buffers: new(checker.Buffers)},
		Ready: func() { tell("READY=1") }, Alive: func() { tell("WATCHDOG=1") },
	}
	if !s.DryRun {
		held, err := take(ctx, s, cfg, log)
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
	options.Reload = hangups(ctx)
	if err := fallback.Run(ctx, options); err != nil && ctx.Err() == nil {
		return err
	}
	log.Info("ends; the table stays as it is")
	return nil
}

// flowSysctls are those of the kernel; what cannot be read counts as set, since a warning must be sure.
func flowSysctls() host.FlowSysctls {
	s, _ := host.ReadFlowSysctls("/")
	return s
}

func localAddresses() (map[netip.Addr]bool, error) {
	all, err := host.Addresses()
	local := map[netip.Addr]bool{}
	for _, a := range all {
		local[a.Addr] = true
	}
	return local, err
}
