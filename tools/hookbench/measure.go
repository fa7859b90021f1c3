package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// sample is what one run cost, its children included.
type sample struct {
	cpu, wall time.Duration // cpu: user and system
	memory    int           // peak, in KB
}

// role marks the one that the goal is about.
type role int

const (
	other role = iota
	bareGo
)

// contestant is a command and what its runs cost.
type contestant struct {
	name    string
	role    role
	command []string
	samples []sample
}

// measure runs a command once, under the stopwatch of checkbench. A run that fails would measure an error message.
func measure(ctx context.Context, stopwatch string, command []string) (sample, error) {
	out, err := exec.CommandContext(ctx, stopwatch, command...).Output()
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	var cpu, wall int64
	var memory, status int
	if _, err := fmt.Sscan(string(out), &cpu, &wall, &memory, &status); err != nil {
		return sample{}, fmt.Errorf("%s printed %q: %w", stopwatch, out, err)
	}
	if status != 0 {
		return sample{}, fmt.Errorf("%s: exit status %d", strings.Join(command, " "), status)
	}
	return sample{time.Duration(cpu) * time.Microsecond, time.Duration(wall) * time.Microsecond, memory}, nil
}

// of returns what a share of the runs does not exceed. A mean would tell of the neighbours on a busy machine.
func (c contestant) of(share float64, value func(sample) int) int {
	all := make([]int, len(c.samples))
	for i, s := range c.samples {
		all[i] = value(s)
	}
	slices.Sort(all)
	return all[int(share*float64(len(all)-1)+0.5)]
}

func cpu(s sample) int    { return int(s.cpu.Microseconds()) }
func wall(s sample) int   { return int(s.wall.Microseconds()) }
func memory(s sample) int { return s.memory }
