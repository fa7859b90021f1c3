// Command hookbench measures what one run of lvsdns-notify costs that has no
// actions: CPU time and peak memory beside a Go program that does nothing, and
// beside bash. `make bench` builds the programs and runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	n := flag.Int("n", 300, "runs of each program")
	hook := flag.String("hook", "bin/lvsdns-notify", "the hook; lvsdns-notify-act is beside it")
	rivals := flag.String("rivals", ".cache/bench", "folder of the programs beside it")
	dir := flag.String("dir", "/dev/shm", "where the journal is: in memory, because this is about the CPU's cost, not the disk's")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *n, *hook, *rivals, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "hookbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n int, hook, rivals, parent string) error {
	if n < 1 {
		return fmt.Errorf("-n %d measures nothing; use 1 or more", n)
	}
	dir, err := os.MkdirTemp(parent, "hookbench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	command, err := prepare(ctx, dir, hook)
	if err != nil {
		return err
	}
	list := []contestant{
		{name: "lvsdns-notify, journal only", command: command},
		{name: "Go, does nothing", role: bareGo, command: []string{filepath.Join(rivals, "bare-go")}},
		{name: "bash -c true", command: []string{"/bin/bash", "-c", "true"}},
		{name: "C, static, does nothing", command: []string{filepath.Join(rivals, "nothing")}},
	}
	began := loadAverage()
	// In rounds, so that all meet the same machine, and each round in another order. The first round warms the page cache.
	for round := range n + 1 {
		for _, i := range rand.Perm(len(list)) {
			s, err := measure(ctx, filepath.Join(rivals, "timed"), list[i].command)
			if err != nil {
				return err
			}
			if round > 0 {
				list[i].samples = append(list[i].samples, s)
			}
		}
	}
	printMachine(os.Stdout, n, began, loadAverage())
	printTable(os.Stdout, list)
	return nil
}

// prepare makes a host for the hook, and runs it once: it reads keepalived.conf, which later runs need not. Its events fill the
// history first, as on a host that has had many.
func prepare(ctx context.Context, dir, hook string) ([]string, error) {
	conf := "vrrp_instance VI_DNS {\n\tinterface lo\n\tvirtual_ipaddress {\n\t\t192.0.2.53/32\n\t}\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "keepalived.conf"), []byte(conf), 0o644); err != nil {
		return nil, err
	}
	time.Sleep(100 * time.Millisecond) // A file that was written this moment is read again next time.
	command := []string{hook, "--config", dir + "/notify.yaml",
		"--keepalived-config", dir + "/keepalived.conf", "--state-dir", dir + "/lib", "--run-dir", dir + "/run",
		"INSTANCE", "VI_DNS", "BACKUP", "100"}
	const history = 64
	for range history {
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w %s", hook, err, out)
		}
	}
	return command, nil
}
