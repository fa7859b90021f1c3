package config

import (
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestFallbackFull(t *testing.T) {
	got, err := LoadFallback(settingsFile(t, `
keepalived-config: /a
config-id: lb1
keepalived-version: "2.2.7"
skip-unknown-keywords: true
netns: blue
checkers-pid-file: ""
lock-file: /b
state-file: ""
report-file: /d
standby: true
freeze-keepalived: true
dry-run: true
interval: 1m
parallel-checks: 7
floor-percent: 50
fork-dns-checks: true
log: {level: warn, format: json}
`), true, Flags{"floor-percent": {"100"}, "dry-run": {"false"}, "interval": {"500ms", "2s"}})
	want := &Fallback{
		ConfigFile: "/a", ConfigID: "lb1", Version: "2.2.7", SkipUnknown: true, NetNS: "blue",
		CheckersPIDFile: "", LockFile: "/b", StateFile: "", ReportFile: "/d",
		Standby: true, Freeze: true, Interval: 2 * time.Second, Parallel: 7, FloorPercent: 100, ForkDNSChecks: true,
		Log: Log{slog.LevelWarn, "json"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want\n%+v", got, err, want)
	}
}

// TestFallbackDefaults are promises: without a file the fallback writes, waits for nobody, freezes nobody and keeps nobody in by force.
func TestFallbackDefaults(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), settingsFile(t, ""), settingsFile(t, "# nothing\n")} {
		f, err := LoadFallback(path, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		if f.Standby || f.Freeze || f.DryRun || f.FloorPercent != 0 || f.SkipUnknown || f.CheckersPIDFile != Auto || f.LockFile == "" {
			t.Errorf("%+v", f)
		}
	}
	if _, err := LoadFallback(filepath.Join(t.TempDir(), "none"), true, nil); err == nil ||
		!strings.Contains(err.Error(), "without --config the defaults hold") {
		t.Errorf("a file that was asked for is not there: %v", err)
	}
}

// TestFreezeNeedsStandby: what looks like a safety net and is none is a mistake, from the file, from flags, and from both.
func TestFreezeNeedsStandby(t *testing.T) {
	for _, tt := range []struct {
		file  string
		flags Flags
		ok    bool
	}{
		{"freeze-keepalived: true\n", nil, false},
		{"", Flags{"freeze-keepalived": {"true"}}, false},
		{"standby: true\nfreeze-keepalived: true\n", Flags{"standby": {"false"}}, false},
		{"standby: true\nfreeze-keepalived: true\n", nil, true},
		{"freeze-keepalived: true\n", Flags{"standby": {"true"}}, true},
		{"freeze-keepalived: true\n", Flags{"freeze-keepalived": {"false"}}, true},
		{"standby: true\n", nil, true},
	} {
		_, err := LoadFallback(settingsFile(t, tt.file), true, tt.flags)
		if (err == nil) != tt.ok || err != nil && !strings.HasPrefix(err.Error(), "freeze-keepalived: does nothing without standby") {
			t.Errorf("%q and %v: %v", tt.file, tt.flags, err)
		}
	}
}

func TestFallbackArguments(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string // of the error
	}{
		{[]string{"--freeze"}, "--freeze: no such flag; did you mean --freeze-keepalived?"},
		{[]string{"--stand-by"}, "--stand-by: no such flag; did you mean --standby?"},
		{[]string{"--standby=yes"}, `--standby: want true or false, not "yes"`},
		{[]string{"--interval", "10"}, `--interval: want a duration with its unit, such as 500ms, 2s or 1m, not "10"`},
		{[]string{"--interval", "1ms"}, `--interval: want a duration from 500ms to 1h, not "1ms"`},
		{[]string{"--floor-percent", "101"}, `--floor-percent: want a whole number from 0 to 100, not 101`},
		{[]string{"--lock-file", "x"}, `--lock-file: want a path that begins with /, not "x"`},
		{[]string{"--lock-file="}, `--lock-file: may not be empty`},
		{[]string{"--keepalived-version", "2.3"}, `--keepalived-version: want a version such as 2.2.7, not "2.3"`},
		{[]string{"--log.format", "xml"}, `--log.format: want logfmt or json, not "xml"`},
		{[]string{"--standby", "false"}, `"false" is no flag: flags begin with --`},
		{[]string{"--interval"}, "--interval: needs a value"},
	} {
		a, err := FallbackArguments(tt.args)
		if err == nil {
			_, err = LoadFallback(filepath.Join(t.TempDir(), "none"), false, a.Flags)
		}
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v, want %s", tt.args, err, tt.want)
		}
	}
	for _, arg := range []string{"-h", "--help", "-help"} {
		if a, err := FallbackArguments([]string{arg}); err != nil || !a.Help || a.File != FallbackFile || a.Asked {
			t.Errorf("%s: %+v, %v", arg, a, err)
		}
	}
	two := []string{"--floor-percent", "101", "--log.format=xml", "--parallel-checks=0"}
	a, err := FallbackArguments(two)
	if err == nil {
		_, err = LoadFallback(filepath.Join(t.TempDir(), "none"), false, a.Flags)
	}
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three mistakes are said at once, a line each: %v", err)
	}
}

func TestChecked(t *testing.T) {
	there, missing := settingsFile(t, ""), filepath.Join(t.TempDir(), "none")
	for want, a := range map[string]Arguments{
		there + ": nothing is wrong with it":                          {File: there},
		missing + ": there is no such file, so the defaults hold":     {File: missing},
		settingsFile(t, "") + ": nothing is wrong with it":            {File: "", Asked: true},
		"/nonexistent/x: there is no such file, so the defaults hold": {File: "/nonexistent/x"},
	} {
		if a.File == "" {
			a.File = strings.TrimSuffix(want, ": nothing is wrong with it")
		}
		if got := a.Checked(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
