package ownfile

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lvsdns/lvsdns/internal/stranger"
)

// TestRefused: who may not, is told whose it is and as whom to try. It is a process of that user, for the one who asks is the process.
func TestRefused(t *testing.T) {
	if dir := os.Getenv("REFUSED"); dir != "" {
		_, err := OpenLock(filepath.Join(dir, "run/a.lock"))
		os.Stdout.WriteString("lock " + err.Error() + "\n")
		err = Replace(filepath.Join(dir, "run/new/report"), nil, 0o644)
		os.Stdout.WriteString("replace " + err.Error() + "\n")
		_, err = Read(filepath.Join(dir, "theirs"), 10)
		os.Stdout.WriteString("read " + err.Error() + "\n")
		if !errors.Is(err, fs.ErrPermission) {
			os.Exit(3)
		}
		return
	}
	dir := stranger.Dir(t)
	program := filepath.Join(dir, "test")
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = errors.Join(
			os.WriteFile(program, self, 0o755), os.Mkdir(filepath.Join(dir, "run"), 0o755),
			os.WriteFile(filepath.Join(dir, "theirs"), nil, 0o600), os.Chown(filepath.Join(dir, "theirs"), 990, 990),
		)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^TestRefused$")
	cmd.Dir, cmd.Env = "/", []string{"REFUSED=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger.ID, Gid: stranger.ID}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"lock open DIR/run/a.lock: permission denied: DIR/run belongs to root: run this as root\n",
		"replace mkdir DIR/run/new: permission denied: DIR/run belongs to root: run this as root\n",
		"read open DIR/theirs: permission denied: DIR/theirs belongs to user 990: run this as that user, or as root\n",
	} {
		if got := strings.ReplaceAll(string(out), dir, "DIR"); !strings.Contains(got, want) {
			t.Errorf("it says\n%swant\n%s", got, want)
		}
	}
	if err := Refused("/", fs.ErrExist); err != error(fs.ErrExist) { //nolint:errorlint // the same, not another that has it inside
		t.Errorf("another error becomes %v", err)
	}
}
