package host

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fakeKeepalived is a process of this name that writes a file when it gets SIGUSR1.
func fakeKeepalived(t *testing.T, name, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	program := filepath.Join(dir, name)
	if err := os.WriteFile(program, []byte("#!/bin/sh\ncd "+dir+"\n"+script+"\necho ready > ready\nwhile :; do sleep 0.05; done\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(cmd.Process.Pid)+"\n"), 0o644)
	for range 1000 {
		if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
			return dir
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the process does not start")
	return dir
}

func TestStateDump(t *testing.T) {
	const writes = `n=0; trap 'n=$((n + 1)); echo "dump $n" > data' USR1`
	for _, tt := range []struct {
		name    string
		process string
		script  string
		prepare func(dir string)
		want    string // the text, or part of the error
	}{
		{name: "asked and written", process: "keepalived", script: writes, want: "dump 1\n"},
		{name: "over an old one", process: "keepalived", script: writes, want: "dump 1\n", prepare: func(dir string) { os.WriteFile(filepath.Join(dir, "data"), []byte("old"), 0o600) }},
		{name: "does not write", process: "keepalived", script: `trap : USR1`, want: "was not written"},
		{name: "another program with this process ID", process: "postgres", script: `trap 'echo hit > hit' USR1`, want: "is no keepalived"},
		{name: "no such process", process: "keepalived", script: writes, want: "not exist", prepare: func(dir string) { os.WriteFile(filepath.Join(dir, "pid"), []byte("4194303"), 0o644) }},
		{name: "no number", process: "keepalived", script: writes, want: "holds no process ID", prepare: func(dir string) { os.WriteFile(filepath.Join(dir, "pid"), []byte("-1"), 0o644) }},
		{name: "no file", process: "keepalived", script: writes, want: "no such file", prepare: func(dir string) { os.Remove(filepath.Join(dir, "pid")) }},
		{name: "a link in its place", process: "keepalived", script: `trap 'ln -s /etc/passwd data' USR1`, want: "too many levels of symbolic links"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := fakeKeepalived(t, tt.process, tt.script)
			if tt.prepare != nil {
				tt.prepare(dir)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			d := &StateDump{PIDFile: filepath.Join(dir, "pid"), File: filepath.Join(dir, "data"), Interval: time.Hour}
			text, err := d.Read(ctx)
			if got := text + fmt.Sprint(err); !strings.Contains(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			again, err2 := d.Read(ctx)
			if again != text || (err == nil) != (err2 == nil) {
				t.Errorf("a moment later: %q, %v", again, err2)
			}
			if _, err := os.Stat(filepath.Join(dir, "hit")); err == nil {
				t.Error("another program was signalled")
			}
		})
	}
}
