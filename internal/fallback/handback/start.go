package handback

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/lvsdns/lvsdns/internal/bounded"
	"github.com/lvsdns/lvsdns/internal/fallback/guard"
)

// Start has keepalived go on if its parent is frozen, or else starts it by a command, without a shell. It returns what it has done; empty: keepalived
// runs already.
func Start(o guard.Options, command string) (string, error) {
	pids, err := guard.Thaw(o)
	if err != nil {
		return "", err
	}
	if len(pids) > 0 {
		return fmt.Sprintf("keepalived (pid %d) goes on", pids[0]), nil
	}
	if l, err := o.Look(); err != nil || l.Parent != 0 {
		return "", err // whom lvsdns-fallback had frozen goes on by itself
	}
	words := strings.Fields(command)
	if len(words) == 0 {
		return "", errors.New("--start-command is empty")
	}
	// Not ended with us: what it starts may stay in its process group.
	out := &bounded.Begin{Most: 4096}
	start := exec.Command(words[0], words[1:]...)
	start.Stdout, start.Stderr = out, out
	if err := start.Run(); err != nil {
		return "", fmt.Errorf("start keepalived: %s: %w: %s", command, err, strings.TrimSpace(out.String()))
	}
	return "started: " + command, nil
}
