package main

import (
	"fmt"
	"strings"
)

var inFish = strings.NewReplacer(`\`, `\\`, "'", `\'`)

// fish is the completion for fish.
func fish(program string, h help) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Completes %s in fish. %s\ncomplete -c %s -f\n", program, madeBy, program)
	before := ""
	if names := commandNames(h); len(names) > 0 {
		before = fmt.Sprintf(" -n 'not __fish_seen_subcommand_from %s'", strings.Join(names, " "))
	}
	for _, c := range h.commands {
		fmt.Fprintf(&b, "complete -c %s%s -a %s -d '%s'\n", program, before, c.name, inFish.Replace(shorten(c.brief)))
	}
	for _, c := range places(h) {
		when := before
		if c.command != "" {
			when = fmt.Sprintf(" -n '__fish_seen_subcommand_from %s'", c.command)
		}
		for _, o := range c.flags {
			fmt.Fprintf(&b, "complete -c %s%s -l %s%s -d '%s'\n", program, when, o.name, fishValue(o), inFish.Replace(o.short()))
		}
	}
	return b.String()
}

func fishValue(o option) string {
	switch o.kind() {
	case valueNone:
		return ""
	case valueChoice:
		return fmt.Sprintf(" -x -a '%s'", strings.Join(o.values, " "))
	case valueFile:
		return " -r -F"
	case valueDirectory:
		return " -x -a '(__fish_complete_directories)'"
	default:
		return " -x"
	}
}
