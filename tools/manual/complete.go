package main

import "strings"

// place is where on a command line a shell is asked: behind which command, if behind any, and which flags are good there.
type place struct {
	command string // empty: none yet
	flags   []option
}

func places(h help) []place {
	all := []place{{flags: h.flags()}}
	for _, c := range h.commands {
		all = append(all, place{c.name, c.flags()})
	}
	return all
}

// What a shell offers as the value of a flag.
const (
	valueNone      = iota // it takes none
	valueWord             // nobody knows which
	valueChoice           // one of a few
	valueFile             // the name of a file
	valueDirectory        // and of a directory
)

func (o option) kind() int {
	switch {
	case o.value == "":
		return valueNone
	case len(o.values) > 0:
		return valueChoice
	case strings.EqualFold(o.value, "file") || o.value == "PATH" && o.name != "https-path":
		return valueFile
	case strings.EqualFold(o.value, "directory") || o.value == "DIR":
		return valueDirectory
	default:
		return valueWord
	}
}

// short is what stands beside a flag in a list.
func (o option) short() string { return shorten(summary(strings.Join(o.doc, " "))) }

func shorten(s string) string {
	const most = 72
	s = strings.TrimSuffix(s, ".")
	if len(s) <= most {
		return s
	}
	return s[:strings.LastIndexByte(s[:most], ' ')] + "..."
}

func commandNames(h help) (all []string) {
	for _, c := range h.commands {
		all = append(all, c.name)
	}
	return all
}

func function(program string) string { return "_" + strings.ReplaceAll(program, "-", "_") }

const madeBy = "Made by tools/manual from the program's own help."
