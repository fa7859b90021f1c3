package notify

import (
	"errors"
	"strconv"
	"strings"
)

// ParseArguments reads what keepalived puts on the command line of a script: "master", "backup", "fault", "stop" and their
// kin with or without a name, as an operator writes them after notify_master; or INSTANCE or GROUP with
// NAME STATE PRIORITY, as keepalived appends them to notify (keepalived/vrrp/vrrp_notify.c, notify_script_exec).
// Source, Mark and At are left to the caller.
func ParseArguments(args []string) (Event, error) {
	if len(args) == 0 {
		return Event{}, errors.New("no state: want master, backup, fault or stop, or INSTANCE NAME STATE PRIORITY")
	}
	// Exactly so: an instance may be called "group", and a state word is written in lower case by operators only.
	switch args[0] {
	case "INSTANCE", "GROUP":
		return parseFour(args)
	}
	state, ok := parseState(args[0])
	switch {
	case !ok:
		return Event{}, errors.New(strconv.Quote(args[0]) + " is no state: want master, backup, fault or stop, or INSTANCE NAME STATE PRIORITY")
	case len(args) > 2:
		return Event{}, errors.New(args[0] + " takes one name, not " + strconv.Itoa(len(args)-1) + ": put quotes around a name with blanks")
	case len(args) == 1 || args[1] == "":
		return Event{Subject: Subject{Kind: Host}, State: state}, nil
	}
	return Event{Subject: Subject{Instance, args[1]}, State: state}, checkName(args[1])
}

func parseFour(args []string) (Event, error) {
	if len(args) != 4 {
		return Event{}, errors.New(args[0] + " wants NAME STATE PRIORITY after it, and " + strconv.Itoa(len(args)-1) + " words are there; keepalived appends them to notify by itself")
	}
	return assemble(args[0], args[1], args[2], args[3])
}

// assemble makes an event of keepalived's four words.
func assemble(kind, name, state, priority string) (Event, error) {
	e := Event{Subject: Subject{Kind(strings.ToLower(kind)), name}}
	if name == "" {
		return Event{}, errors.New("the name is empty")
	}
	if err := checkName(name); err != nil {
		return Event{}, err
	}
	var ok bool
	if e.State, ok = parseState(state); !ok {
		return Event{}, errors.New(strconv.Quote(state) + " is no state that keepalived has")
	}
	n, err := strconv.Atoi(priority)
	if err != nil || n < 0 || n > 255 {
		return Event{}, errors.New(strconv.Quote(priority) + " is no priority: want a number from 0 to 255")
	}
	e.Priority = n
	return e, nil
}
