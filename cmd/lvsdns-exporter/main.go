// Command lvsdns-exporter serves what IPVS, keepalived and the checks of this
// host say, as metrics for Prometheus, as JSON and as a page. It reads only.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/lvsdns/lvsdns/cmd/internal/version"
	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/daemon"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/httpd"
)

func main() {
	daemon.Main(func(ctx context.Context) int {
		return run(ctx, daemon.Hangups(ctx), os.Args[1:], os.Stdout, os.Stderr)
	})
}

// run returns the exit status: 0 when told to end, 1 when something is wrong, 2 for a bad command line or settings file.
func run(ctx context.Context, hangup <-chan struct{}, args []string, stdout, stderr io.Writer) int {
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
	settings, err := load(arguments)
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns-exporter: %v\n", err)
		return 2
	}
	if check {
		fmt.Fprintln(stdout, arguments.Checked())
		for _, line := range warnings(settings) {
			fmt.Fprintln(stdout, line)
		}
		return 0
	}
	if os.Getenv("GOGC") == "" {
		// Most of the memory is pages and tables, which are used again for the next scrape: with Go's default there would be as much garbage again.
		debug.SetGCPercent(40)
	}
	s := &service{
		Daemon:    daemon.New(settings.Log.Format, settings.Log.Level, stderr),
		arguments: arguments, settings: settings, build: build,
	}
	if err := s.run(ctx, hangup); err != nil {
		s.Log.Error("lvsdns-exporter ends", "error", err)
		return 1
	}
	return 0
}

// load reads the settings, and what they name that can be wrong.
func load(a config.Arguments) (*config.Exporter, error) {
	settings, err := config.LoadExporter(a.File, a.Asked, a.Flags)
	if err == nil {
		err = httpd.CheckWebConfig(settings.Web.ConfigFile)
	}
	if err == nil {
		_, err = reporters(settings)
	}
	return settings, err
}

// reporters are the users whose reports of checks are taken besides.
func reporters(settings *config.Exporter) ([]uint32, error) {
	all, err := host.UserIDs(settings.Sources.Root, settings.Checks.Users)
	if err != nil {
		return nil, fmt.Errorf("checks.users: %w", err)
	}
	return all, nil
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
