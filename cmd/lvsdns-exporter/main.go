// Command lvsdns-exporter serves what IPVS, keepalived and the checks of this
// host say, as metrics for Prometheus, as JSON and as a page. It reads only.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lvsdns/lvsdns/cmd/internal/version"
	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run returns the exit status: 0 when told to end, 1 when something is wrong, 2 for a bad command line or settings file.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	check := len(args) > 0 && args[0] == "check-config"
	if check {
		args = args[1:]
	}
	arguments, err := config.ExporterArguments(args)
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns-exporter: %v\n", err)
		return 2
	}
	build := readBuild()
	switch {
	case arguments.Help:
		fmt.Fprint(stdout, config.ExporterUsage())
		return 0
	case arguments.Version:
		fmt.Fprintf(stdout, "lvsdns-exporter %s\n", build.Version)
		return 0
	}
	settings, err := config.LoadExporter(arguments.File, arguments.Asked, arguments.Flags)
	if err == nil {
		err = exporter.CheckWebConfig(settings.Web.ConfigFile)
	}
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns-exporter: %v\n", err)
		return 2
	}
	if check {
		fmt.Fprintln(stdout, arguments.Checked())
		return 0
	}
	log := logger(settings.Log, stderr)
	if err := serve(ctx, settings, build, log); err != nil {
		log.Error("lvsdns-exporter ends", "error", err)
		return 1
	}
	return 0
}

// serve runs the parts until ctx ends or one of them fails.
func serve(ctx context.Context, settings *config.Exporter, build exporter.Build, log *slog.Logger) error {
	proc := ipvs.Proc(filepath.Join(settings.Sources.Root, "proc"))
	kernel := ipvs.New(ipvs.Config{Proc: string(proc), Timeout: settings.Sources.Timeout})
	defer kernel.Close()
	var checks *exporter.Checks
	if s := settings.Checks; s.Socket != "" {
		checks = exporter.NewChecks(exporter.ChecksConfig{Socket: s.Socket, Max: s.Max, Forget: s.Forget})
	}
	hostname, _ := os.Hostname() // Without one the page is headed by the program's name.
	connections := connections(settings, kernel, proc)
	packets, tap := newCapture(settings.DNS, log), newDnstap(settings.DNS, log)
	e := exporter.New(exporter.Config{
		Kernel: kernel, Proc: proc, Root: settings.Sources.Root, Addresses: host.Addresses,
		Configuration: configuration(settings), Belief: belief(settings), Checks: checks, Journal: journal(settings.Notify), Fallback: fallback(settings), Connections: connections, Traffic: traffic(packets), Top: most(packets, settings.DNS), Dnstap: told(tap), DNSPorts: settings.DNS.Ports, Nftables: nftables(settings),
		Conntrack: conntrack.New(conntrack.Config{Proc: string(proc), Timeout: time.Minute}), Flows: flows(settings.Conntrack),
		ServicesOnly: settings.Metrics.Detail == "service", MaxSeries: settings.Metrics.MaxSeries, PerCPU: settings.Metrics.PerCPU,
		Keep:    func(k ipvs.ServiceKey) bool { return settings.Metrics.Shows(k.Addr, k.FWMark) },
		Timeout: settings.Sources.Timeout, Share: settings.Sources.Share, Host: hostname, Build: build, Log: log,
	})
	var listeners []net.Listener
	for _, address := range settings.Web.Listen {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		defer l.Close()
		listeners = append(listeners, l)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return e.Serve(ctx, listeners, settings.Web.ConfigFile, log) })
	group.Go(func() error { e.Watch(ctx); return nil })
	if checks != nil {
		group.Go(func() error { return checks.Listen(ctx) })
	}
	if connections != nil {
		group.Go(func() error { return connections.Run(ctx) })
	}
	if packets != nil {
		group.Go(func() error { return count(ctx, packets, e, settings.DNS, log) })
	}
	if tap != nil {
		group.Go(func() error { return count(ctx, tap, e, settings.DNS, log) })
	}
	return group.Wait()
}

func logger(l config.Log, to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

func readBuild() exporter.Build {
	b := exporter.Build{Version: version.Program(), Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = s.Value
			}
		}
	}
	return b
}
