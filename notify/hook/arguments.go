package hook

import (
	"errors"
	"strconv"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// ParseArguments reads what keepalived puts on the command line of a script: "master", "backup", "fault", "stop" and their
// kin with or without a name, as an operator writes them after notify_master; or INSTANCE or GROUP with
// NAME STATE PRIORITY, as keepalived appends them to notify (keepalived/vrrp/vrrp_notify.c, notify_script_exec).
// Source, Mark and At are left to the caller.
func ParseArguments(args []string) (notify.Event, error) {
	if len(args) == 0 {
		return notify.Event{}, errors.New("no state: want master, backup, fault or stop, or INSTANCE NAME STATE PRIORITY")
	}
	// Exactly so: an instance may be called "group", and a state word is written in lower case by operators only.
	switch args[0] {
	case "INSTANCE", "GROUP":
		return parseFour(args)
	}
	state, ok := notify.ParseState(args[0])
	switch {
	case !ok:
		return notify.Event{}, errors.New(strconv.Quote(args[0]) + " is no state: want master, backup, fault or stop, or INSTANCE NAME STATE PRIORITY")
	case len(args) > 2:
		return notify.Event{}, errors.New(args[0] + " takes one name, not " + strconv.Itoa(len(args)-1) + ": put quotes around a name with blanks")
	case len(args) == 1 || args[1] == "":
		return notify.Event{Subject: notify.Subject{Kind: notify.Host}, State: state}, nil
	}
	return notify.Event{Subject: notify.Subject{Kind: notify.Instance, Name: args[1]}, State: state}, words.CheckName(args[1])
}

func parseFour(args []string) (notify.Event, error) {
	if len(args) != 4 {
		return notify.Event{}, errors.New(args[0] + " wants NAME STATE PRIORITY after it, and " + strconv.Itoa(len(args)-1) + " words are there; keepalived appends them to notify by itself")
	}
	return notify.ParseEvent(args[0], args[1], args[2], args[3])
}
