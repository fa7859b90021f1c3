package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/lvsdns/lvsdns/internal/guest"
)

// openTerminal sets the caller's terminal raw, for the guest's own does the
// editing and the echo; restore undoes that.
func openTerminal() (terminal *guest.Terminal, restore func(), err error) {
	before, err := stty("-g")
	if err != nil {
		return nil, nil, fmt.Errorf("-t wants a terminal as standard input: %w", err)
	}
	size, err := stty("size")
	if err != nil {
		return nil, nil, fmt.Errorf("ask the terminal for its size: %w", err)
	}
	if _, err := stty("raw", "-echo"); err != nil {
		return nil, nil, fmt.Errorf("set the terminal raw: %w", err)
	}
	rows, columns, _ := strings.Cut(size, " ")
	return &guest.Terminal{Input: os.Stdin, Rows: rows, Columns: columns}, func() { _, _ = stty(before) }, nil
}

func stty(args ...string) (string, error) {
	cmd := exec.Command("stty", args...)
	cmd.Stdin = os.Stdin
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}
