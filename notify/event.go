package notify

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// Kind is what a subject is.
type Kind string

// The kinds. Host stands for an event that does not say whom it is about: notify_master and its kin
// pass no name.
const (
	Instance Kind = "instance"
	Group    Kind = "group"
	Host     Kind = "host"
)

// Subject is a vrrp_instance, a vrrp_sync_group, or the host as a whole.
type Subject struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
}

func (s Subject) String() string {
	if s.Name == "" {
		return string(s.Kind)
	}
	return string(s.Kind) + " " + s.Name
}

// State is the state of a subject.
type State string

// The states, in keepalived's words. Partial and Unknown come from looking only.
const (
	Master  State = "master"
	Backup  State = "backup"
	Fault   State = "fault"
	Stop    State = "stop"
	Deleted State = "deleted"
	Partial State = "partial" // holds some of its addresses; of a group: its instances differ
	Unknown State = "unknown" // nothing is known of it
)

// States are those that keepalived reports.
func States() []State { return []State{Master, Backup, Fault, Stop, Deleted} }

// What is no change of state, but worth a look and a line.
const (
	// LowerPriority: a master has heard another one with a lower priority. It is the only sign on the
	// surviving master that there were two.
	LowerPriority State = "master_rx_lower_pri"
	// MasterPriority and BackupPriority: the priority has changed.
	MasterPriority State = "master_priority"
	BackupPriority State = "backup_priority"
)

// IsState tells changes of state from the other news.
func (s State) IsState() bool {
	switch s {
	case LowerPriority, MasterPriority, BackupPriority:
		return false
	default:
		return true
	}
}

// Source is where an event comes from.
type Source string

// The sources.
const (
	Script Source = "script" // keepalived has started a script
	FIFO   Source = "fifo"   // keepalived has written a line
	Resync Source = "resync" // nobody said so: it was found by looking
)

// Event is one thing that happened to a subject.
type Event struct {
	Subject
	State    State  `json:"state"`
	Priority int    `json:"priority,omitempty"` // effective, 1 to 255; 0: not said
	Source   Source `json:"source"`
	Mark
	At   time.Time `json:"at"`
	Late bool      `json:"late,omitempty"` // a newer event was known already
	Note string    `json:"note,omitempty"`
}

// Mark says when keepalived has made an event. keepalived forks its scripts one after the other in one thread, so
// the time of the fork is the order of the events, whenever the scripts get to run.
type Mark struct {
	Born time.Duration `json:"born"`          // since boot
	PID  int           `json:"pid,omitempty"` // of the script; orders events of the same tick
}

// compare orders marks by time. The kernel tells the time of a fork in ticks of 10 ms; within one the process ID decides.
func (m Mark) compare(o Mark) int {
	switch {
	case m.Born != o.Born:
		if m.Born < o.Born {
			return -1
		}
		return 1
	case m.PID == o.PID || m.PID == 0 || o.PID == 0:
		return 0
	}
	// Process IDs begin anew at some limit: a large step up is a step down.
	const large = 10_000
	if d := m.PID - o.PID; d < 0 && d > -large || d > large {
		return -1
	}
	return 1
}

// ParseState reads a state in keepalived's or an operator's spelling.
func ParseState(word string) (State, bool) {
	switch s := State(strings.ToLower(word)); s {
	case Master, Backup, Fault, Stop, Deleted, LowerPriority, MasterPriority, BackupPriority:
		return s, true
	default:
		return "", false
	}
}

// ParseEvent makes an event of the four words that keepalived has for one, in the arguments of a script as in a line of a FIFO: INSTANCE or
// GROUP, a name, a state and a priority. Source, Mark and At are left to the caller.
func ParseEvent(kind, name, state, priority string) (Event, error) {
	e := Event{Subject: Subject{Kind(strings.ToLower(kind)), name}}
	if name == "" {
		return Event{}, errors.New("the name is empty")
	}
	if err := words.CheckName(name); err != nil {
		return Event{}, err
	}
	var ok bool
	if e.State, ok = ParseState(state); !ok {
		return Event{}, errors.New(strconv.Quote(state) + " is no state that keepalived has")
	}
	n, err := strconv.Atoi(priority)
	if err != nil || n < 0 || n > 255 {
		return Event{}, errors.New(strconv.Quote(priority) + " is no priority: want a number from 0 to 255")
	}
	e.Priority = n
	return e, nil
}
