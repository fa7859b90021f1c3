package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fakeKeepalived is a process of a program of this name that writes a file when it gets SIGUSR1.
func fakeKeepalived(t *testing.T, name, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	startFake(
		t, dir,
		exec.Command(shell(t, filepath.Join(dir, name)), "-c", "cd "+dir+"\n"+script+"\necho ready > ready\nwhile :; do sleep 0.05; done\n"),
	)
	return dir
}

// shell makes a shell of this path.
func shell(t *testing.T, program string) string {
	t.Helper()
	content, err := os.ReadFile("/bin/sh")
	if err == nil {
		err = os.WriteFile(program, content, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// startFake starts it and waits until it is ready.
func startFake(t *testing.T, dir string, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(cmd.Process.Pid)+"\n"), 0o644)
	for range 1000 {
		if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the process does not start")
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
		{
			name: "over an old one", process: "keepalived", script: writes, want: "dump 1\n",
			prepare: func(dir string) { os.WriteFile(filepath.Join(dir, "data"), []byte("old"), 0o600) },
		},
		{name: "does not write", process: "keepalived", script: `trap : USR1`, want: "was not written"},
		{
			name: "another program with this process ID", process: "postgres", script: `trap 'echo hit > hit' USR1`,
			want: "is no keepalived but postgres",
		},
		{
			name: "no such process", process: "keepalived", script: writes, want: "not exist",
			prepare: func(dir string) { os.WriteFile(filepath.Join(dir, "pid"), []byte("4194303"), 0o644) },
		},
		{
			name: "no number", process: "keepalived", script: writes, want: "holds no process ID",
			prepare: func(dir string) { os.WriteFile(filepath.Join(dir, "pid"), []byte("-1"), 0o644) },
		},
		{
			name: "no file", process: "keepalived", script: writes, want: "no such file",
			prepare: func(dir string) { os.Remove(filepath.Join(dir, "pid")) },
		},
		{name: "a link in its place", process: "keepalived", script: `trap 'ln -s other data; echo x > data' USR1`, want: "was not written"},
		{
			name: "in pieces", process: "keepalived",
			script: `trap '(echo one; sleep 0.3; echo two) > new; (echo one; sleep 0.3; echo two) > data' USR1`,
			want:   "one\ntwo\n",
		},
		{
			name: "under another name at first", process: "keepalived",
			script: `trap '(mv data.new data; sleep 0.1; echo one; sleep 0.3; echo two) > data.new' USR1`,
			want:   "one\ntwo\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := fakeKeepalived(t, tt.process, tt.script)
			if tt.prepare != nil {
				tt.prepare(dir)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			file := filepath.Join(dir, "data")
			d := &StateDump{PIDFile: filepath.Join(dir, "pid"), Interval: time.Hour}
			text, asked, err := d.Read(ctx, file)
			if got := text + fmt.Sprint(err); !strings.Contains(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			// What is wrong stays what is wrong until the next try.
			again, asked2, err2 := d.Read(ctx, file)
			if again != text || asked2 != asked || (err == nil) != (err2 == nil) || err != nil && !errors.Is(err2, err) {
				t.Errorf("a moment later: %q, %v", again, err2)
			}
			if _, err := os.Stat(filepath.Join(dir, "hit")); err == nil {
				t.Error("another program was signalled")
			}
		})
	}
}

// TestStateDumpOfItsOwn has a keepalived with a file system of its own, as PrivateTmp of systemd gives it.
func TestStateDumpOfItsOwn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a mount namespace takes root")
	}
	dir, own := t.TempDir(), t.TempDir()
	program := shell(t, filepath.Join(dir, "keepalived"))
	script := "trap 'echo its own > " + own + "/data' USR1\necho ready > " + dir + "/ready\nwhile :; do sleep 0.05; done\n"
	if err := os.WriteFile(filepath.Join(own, "data"), []byte("another's"), 0o600); err != nil {
		t.Fatal(err)
	}
	startFake(t, dir, exec.Command("unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs "+own+` && exec "$0" -c "$1"`, program, script))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	text, _, err := (&StateDump{PIDFile: filepath.Join(dir, "pid")}).Read(ctx, filepath.Join(own, "data"))
	if text != "its own\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}
