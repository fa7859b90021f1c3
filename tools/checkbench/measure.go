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
	cpu    time.Duration // user and system
	wall   time.Duration
	memory int // peak, in KB
}

// role marks those that the goals are about.
type role int

const (
	other  role = iota
	script      // what people run today
	bareGo      // what no Go program with this DNS library can undercut by much
)

// contestant is a command and what its runs cost.
type contestant struct {
	name    string
	role    role
	command []string
	samples []sample
}

// measure runs a command once. A run that fails would compare an error message with an answer.
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

// cpu returns the CPU time that a share of the runs does not exceed.
func (c contestant) cpu(share float64) time.Duration {
	return percentile(c.samples, share, func(s sample) time.Duration { return s.cpu })
}

func (c contestant) wall(share float64) time.Duration {
	return percentile(c.samples, share, func(s sample) time.Duration { return s.wall })
}

func (c contestant) memory() int {
	return slices.MaxFunc(c.samples, func(a, b sample) int { return a.memory - b.memory }).memory
}

func percentile(samples []sample, share float64, of func(sample) time.Duration) time.Duration {
	all := make([]time.Duration, len(samples))
	for i, s := range samples {
		all[i] = of(s)
	}
	slices.Sort(all)
	return all[int(share*float64(len(all)-1)+0.5)]
}
