package policy

import (
	"fmt"
	"os/exec"
	"strings"
)

// closure lists every package that is linked into a command, the standard library included.
func closure(root, command string) ([]string, error) {
	cmd := exec.Command("go", "list", "-deps", "./"+command)
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the dependencies of %s: %w: %s", command, err, stderr.String())
	}
	return strings.Fields(string(out)), nil
}

// linked finds the packages of a closure that a command must not carry.
func linked(closure, never []string) []string {
	var found []string
	for _, p := range closure {
		for _, n := range never {
			if within(p, n) {
				found = append(found, p)
			}
		}
	}
	return found
}
