package act

import (
	"cmp"
	"context"
	"errors"
	"fmt"
)

// Unit starts, stops, restarts or reloads a systemd unit.
type Unit struct {
	Name, Verb string
	Wait       bool   // for systemd to be done; else it goes on without us
	Program    string // empty: /usr/bin/systemctl
}

// Do implements Action.
func (a Unit) Do(ctx context.Context, c Call) (string, error) {
	args := []string{"--no-ask-password", "--quiet"}
	if !a.Wait {
		args = append(args, "--no-block")
	}
	if err := execute(ctx, c.Tell, nil, nil, cmp.Or(a.Program, "/usr/bin/systemctl"), append(args, a.Verb, "--", a.Name)...); err != nil {
		return "", err
	}
	if !a.Wait {
		return fmt.Sprintf("systemd was asked to %s %s", a.Verb, a.Name), nil
	}
	return fmt.Sprintf("%s %s: done", a.Verb, a.Name), nil
}

// Conntrackd tells conntrackd which role its host has. The commands are those of the primary-backup.sh that comes with it
// (conntrackd(8)).
type Conntrackd struct {
	Role       string // primary, backup or fault
	Program    string // empty: /usr/sbin/conntrackd
	ConfigFile string // empty: conntrackd's own
}

// Do implements Action. Each command is given its chance: what one can't do, the next may.
func (a Conntrackd) Do(ctx context.Context, c Call) (string, error) {
	var commands []string
	switch a.Role {
	case "primary":
		// Take over what the other host has sent; forget it as foreign; learn what the kernel has; send all that to the other host.
		commands = []string{"-c", "-f", "-R", "-B"}
	case "backup":
		// Let entries of the old role expire soon; ask the other host for all that it has.
		commands = []string{"-t", "-n"}
	default:
		commands = []string{"-t"}
	}
	var errs []error
	for _, command := range commands {
		args := []string{command}
		if a.ConfigFile != "" {
			args = []string{"-C", a.ConfigFile, command}
		}
		if err := execute(ctx, c.Tell, nil, nil, cmp.Or(a.Program, "/usr/sbin/conntrackd"), args...); err != nil {
			errs = append(errs, fmt.Errorf("conntrackd %s: %w", command, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	return "conntrackd is " + a.Role, nil
}
