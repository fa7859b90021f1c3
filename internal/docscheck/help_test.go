package docscheck

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// commands are the programs that have commands, and those.
var commands = map[string][]string{
	"lvsdns":           {"drift", "flows", "nft"},
	"lvsdns-check":     nil,
	"lvsdns-check-tls": nil,
	"lvsdns-exporter":  {"check-config"},
	"lvsdns-fallback":  {"plan", "run", "hand-back", "status", "check-config"},
	"lvsdns-notify":    {"fifo", "stopped", "show", "check-config", "master", "backup", "fault", "stop", "deleted", "INSTANCE", "GROUP"},
	"lvsdns-notify-act": {
		"settle", "fifo", "stopped", "show", "check-config",
	},
}

// TestHelp asks every program and each of its commands for help, in every way in which people ask: it comes on standard output and is no
// error. The checker alone ends with 1, since keepalived takes 0 for a server that is well.
func TestHelp(t *testing.T) {
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "../../cmd/...").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	programs, err := filepath.Glob(filepath.Join(bin, "*"))
	if err != nil || len(programs) != len(commands) {
		t.Fatalf("the programs are %q, %v: this table has %d", programs, err, len(commands))
	}
	listed := regexp.MustCompile(`(?m)^(?:usage:)? +lvsdns-?[a-z]* (?:\[paths\] )?([a-z][a-z-]+)\b|^  ([a-z][a-z-]+)  `)
	for _, program := range programs {
		name, status := filepath.Base(program), 0
		known, checker := commands[name], strings.HasPrefix(name, "lvsdns-check")
		if checker {
			status = 1
		}
		for _, command := range append([]string{""}, known...) {
			for _, word := range []string{"--help", "-h", "-help"} {
				args := strings.Fields(command + " " + word)
				out := help(t, status, program, args)
				if command != "" || name == "lvsdns-notify-act" {
					continue
				}
				for _, found := range listed.FindAllStringSubmatch(out, -1) {
					if c := found[1] + found[2]; !checker && !strings.Contains(" "+strings.Join(known, " ")+" ", " "+c+" ") {
						t.Errorf("%s has a command %s, which this table lacks", name, c)
					}
				}
			}
		}
	}
}

// help runs a program that is to print its help and nothing else.
func help(t *testing.T, status int, program string, args []string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	usage := strings.Contains(strings.ToLower(stdout.String()), "usage")
	if command.ProcessState.ExitCode() != status || !usage || stderr.Len() > 0 {
		t.Errorf("%s %q: %v\nstdout: %.200s\nstderr: %.300s", filepath.Base(program), args, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}
