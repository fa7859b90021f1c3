package guest

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// TempDir makes a directory that nothing leaves behind. A helper process removes it as soon as
// nobody holds the file "alive" any more, neither this process nor those that
// inherit it. So it goes even when this process is killed, and never too early.
func TempDir() (dir string, alive *os.File, remove func(), err error) {
	dir, err = os.MkdirTemp("", "lab-")
	if err != nil {
		return "", nil, nil, err
	}
	r, alive, err := os.Pipe()
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, nil, err
	}
	defer r.Close()
	janitor := exec.Command("/bin/sh", "-c", `read -r _; rm -rf -- "$1"`, "lab-janitor", dir)
	janitor.Dir = "/"
	janitor.Stdin = r
	// Its own session: a Ctrl-C or a kill of the caller's process group is what
	// it has to survive.
	janitor.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := janitor.Start(); err != nil {
		alive.Close()
		os.RemoveAll(dir)
		return "", nil, nil, fmt.Errorf("start the helper that removes %s: %w", dir, err)
	}
	return dir, alive, func() { alive.Close(); _ = janitor.Wait() }, nil
}
