package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/ownfile"
	"github.com/lvsdns/lvsdns/notify/hook"
)

// check reads the settings, and builds what they ask for without doing anything.
func (p program) check(paths hook.Paths, args []string) int {
	if err := flags("check-config", &paths, args, func(*flag.FlagSet) {}); err != nil {
		return p.fail(exitUsage, err)
	}
	if _, err := os.Stat(paths.Settings); errors.Is(err, fs.ErrNotExist) && paths.Settings == config.NotifyFile {
		fmt.Fprintf(p.stdout, "%s: there is no such file, so events are noted and nothing is done about them\n", paths.Settings)
		return exitDone
	}
	settings, err := config.LoadNotify(paths.Settings, true)
	if err != nil {
		return p.fail(exitUsage, err)
	}
	steps := 0
	for _, r := range rules(settings, clients(paths, settings)) {
		steps += len(r.Steps)
	}
	fmt.Fprintf(p.stdout, "%s: %d rules with %d actions, %d agreements, %d track files\n", paths.Settings,
		len(settings.Rules), steps, len(settings.Agreements), len(settings.TrackFiles))
	for _, line := range unknown(settings, paths) {
		fmt.Fprintln(p.stdout, line)
	}
	if text := exposed(settings, paths); text != "" {
		fmt.Fprintln(p.stdout, text)
	}
	return exitDone
}

// exposed says that everybody can read what is secret in the settings; empty: there is nothing.
func exposed(settings *config.Notify, paths hook.Paths) string {
	if !settings.Secrets() {
		return ""
	}
	return ownfile.Warning(paths.Settings)
}
