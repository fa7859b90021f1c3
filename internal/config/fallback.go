package config

import (
	"errors"
	"log/slog"
	"time"
)

// FallbackFile is where the settings of lvsdns-fallback run are. No such file is no error.
const FallbackFile = "/etc/lvsdns/fallback.yaml"

// Auto stands for the pidfile that keepalived has by its configuration.
const Auto = "auto"

// Fallback is the settings of lvsdns-fallback run.
type Fallback struct {
	ConfigFile, ConfigID string // keepalived's
	Version              string // of keepalived
	SkipUnknown          bool
	NetNS                string

	CheckersPIDFile     string // keepalived's; [Auto]: by its configuration; empty: there is no keepalived
	LockFile, StateFile string
	ReportFile          string // empty: none

	Standby       bool
	Freeze        bool
	DryRun        bool
	Interval      time.Duration
	Parallel      int
	FloorPercent  int
	ForkDNSChecks bool
	Log           Log
}

// NewFallback is what holds without a file and without flags.
func NewFallback() *Fallback {
	return &Fallback{
		ConfigFile:      "/etc/keepalived/keepalived.conf",
		CheckersPIDFile: Auto,
		LockFile:        "/run/lvsdns/fallback.lock", StateFile: "/var/lib/lvsdns/fallback.json",
		ReportFile: "/run/lvsdns/fallback-report.json",
		Interval:   2 * time.Second, Parallel: 1000, Log: Log{Level: slog.LevelInfo, Format: logfmt},
	}
}

func (f *Fallback) options() []option {
	return []option{
		{"keepalived-config", file{&f.ConfigFile, false}, "keepalived's configuration: it says what the table shall be."},
		{"config-id", text{&f.ConfigID}, "What keepalived was started with as --config-id. Empty: the host name, as keepalived takes it."},
		{"keepalived-version", release{&f.Version}, "Read the configuration as this version of keepalived does, such as 2.2.7. Empty: the one that is installed here, else the newest known."},
		{"skip-unknown-keywords", truth{&f.SkipUnknown}, "Skip keywords that are not known also where it is not certain that keepalived does (its version is not known, or newer than\n2.4.3), instead of leaving their virtual server alone."},
		{"netns", namespace{&f.NetNS}, "The network namespace of the table, by its name. Empty: net_namespace_ipvs of the configuration, or this one."},
		{"checkers-pid-file", fileOr{file{&f.CheckersPIDFile, true}, Auto}, "keepalived's checkers pidfile, which is held so that keepalived's checker does not start. auto: where keepalived has it by its\nconfiguration, such as /run/checkers.pid; if keepalived is started with --checkers_pid, the same path. Empty: there is no keepalived\non this host."},
		{"lock-file", file{&f.LockFile, false}, "Held so that there is one lvsdns-fallback."},
		{"state-file", file{&f.StateFile, true}, "What is known of real servers, for a restart after the table was lost. Empty: nothing is remembered."},
		{"report-file", file{&f.ReportFile, true}, "What lvsdns-exporter reads: how things are, at every interval. Empty: nothing is reported."},
		{"standby", truth{&f.Standby}, "Do not take over now, but when keepalived will not program the table by itself: it has been away or frozen for 65 s,\nwhich is longer than it waits before it starts a checker process again; or see freeze-keepalived. Until then nothing\nis written and no check runs."},
		{"freeze-keepalived", truth{&f.Freeze}, "With standby: also act while keepalived's parent lives, when its checker process died 5 times in 3 minutes, has been missing\nfor 65 s, or made no progress for 30 s or for three times the shortest check interval, whichever is longer. The parent is\nfrozen (SIGSTOP) and the checker process ended (SIGKILL); at our end, or when the VRRP process dies, the parent goes on.\nA frozen parent answers neither reload nor stop. Without freeze-keepalived the log says what is to be done."},
		{"dry-run", truth{&f.DryRun}, "Run the checks and say what would be written, and write nothing: no table, no lock, no state, no notify scripts.\nSafe while keepalived is in charge."},
		{"interval", span{&f.Interval, 500 * time.Millisecond, time.Hour}, "Between two looks at the table and at the configuration. What checks find is written at once."},
		{"parallel-checks", whole{&f.Parallel, 1, 100_000}, "How many checks may run at a time."},
		{"floor-percent", whole{&f.FloorPercent, 0, 100}, "Keep this part of the real servers of each virtual server in service whatever their checks say: when so many\nfail, the cause is likelier to be common to them. 0: none, as keepalived has it."},
		{"fork-dns-checks", truth{&f.ForkDNSChecks}, "Start lvsdns-check as a process, like every other script, instead of running it inside this one."},
		{"log.level", level{&f.Log.Level}, "debug, info, warn or error. The log goes to standard error."},
		{"log.format", logFormat{&f.Log.Format}, logFormatDoc},
	}
}

// FallbackArguments reads the command line of lvsdns-fallback run, without the names of program and command.
func FallbackArguments(args []string) (Arguments, error) {
	return arguments(NewFallback().options(), FallbackFile, args)
}

// LoadFallback reads the file, then the flags, which have the last word. Without a file the
// defaults hold, unless the file was asked for by name.
func LoadFallback(path string, asked bool, flags Flags) (*Fallback, error) {
	f := NewFallback()
	err := load(f.options(), path, asked, flags)
	if err == nil && f.Freeze && !f.Standby {
		err = errors.New("freeze-keepalived: does nothing without standby: switch that on too, or this off")
	}
	return f, err
}

// FallbackUsage lists the flags of lvsdns-fallback run.
func FallbackUsage() string {
	return usage(NewFallback().options(), FallbackFile, `usage: lvsdns-fallback run [flags]

Takes the IPVS table over as it is and keeps it as keepalived.conf and its checks say, until SIGTERM or
"lvsdns-fallback hand-back". It refuses to start while keepalived has a checker process or would start one. The
table stays as it is at the end, however it comes. SIGHUP: read keepalived.conf again, and write again after a stop.

`)
}

// FallbackReference is a settings file with every key at its default.
func FallbackReference() string {
	return reference(NewFallback().options(), "lvsdns-fallback run", "default", FallbackFile, "--interval")
}
