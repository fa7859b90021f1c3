package keepalived

import (
	"fmt"
	"strings"
)

// Config is a whole configuration as keepalived understands it: inherited
// values are filled in and inconsistent ones corrected. A block that keepalived
// would discard is not here; a note says so.
type Config struct {
	Version string   // of keepalived, by whose rules it was read; empty: the newest that is known
	ID      string   // by which conditional lines (@ID) were chosen
	Files   []string // every file that was read, in the order of opening
	Global  Global

	Groups         []Group
	VirtualServers []VirtualServer

	Instances  []Instance   // vrrp_instance
	SyncGroups []SyncGroup  // vrrp_sync_group
	Scripts    []VRRPScript // vrrp_script

	Notes []Note // in the order of the text, those of the whole at the end
}

// Pos is a line of a configuration file. The zero Pos is no place: a default.
type Pos struct {
	File string
	Line int
}

// IsZero reports whether nothing was written, so that a default applies.
func (p Pos) IsZero() bool { return p == Pos{} }

func (p Pos) String() string {
	if p.IsZero() {
		return "default"
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Value is a setting and the line that set it. After inheritance the line may
// be one of an outer block; a default has the zero Pos.
type Value[T any] struct {
	V   T
	Pos Pos
}

// IsSet reports whether the configuration says so, rather than a default.
func (v Value[T]) IsSet() bool { return !v.Pos.IsZero() }

// Statement is a keyword that keepalived knows and this package does not
// interpret, word by word.
type Statement struct {
	Pos   Pos
	Words []string    // the keyword first
	Block []Statement // the statements between braces
}

// Script is a command that keepalived executes without a shell.
type Script struct {
	Pos     Pos
	Argv    []string // as keepalived will execute it; nil if it cannot be read
	Dropped []string // words that keepalived ignores: arguments outside the quotes
	User    string   // empty: the default script user
	Group   string   // empty: the user's own
}

// IsSet reports whether a script is configured.
func (s Script) IsSet() bool { return !s.Pos.IsZero() }

// String is the command as keepalived runs it, arguments and all: see Program.
func (s Script) String() string { return strings.Join(s.Argv, " ") }

// Program is the command without its arguments, for whatever others read: an argument may be a password.
func (s Script) Program() string {
	if len(s.Argv) == 0 {
		return ""
	}
	return s.Argv[0]
}

// NoteKind says what keepalived makes of the text that a [Note] is about.
type NoteKind int

const (
	// Unknown is a keyword that keepalived does not know at this place. It
	// skips the line, and reads what stands between its braces all the same.
	Unknown NoteKind = iota + 1
	// Ignored is text that keepalived reports and then leaves out.
	Ignored
	// Adjusted is a setting that keepalived reports and then replaces.
	Adjusted
	// Trap is text that keepalived accepts without a word, although it does not
	// do what it looks like.
	Trap
	// File is an include that matches nothing or cannot be read.
	File
	// Fatal is text with which keepalived does not start or reload.
	Fatal
	// Unresolved is text whose meaning this package cannot know, such as
	// ${_RANDOM}: keepalived reads something else here.
	Unresolved
)

var noteKinds = [...]string{"", "unknown", "ignored", "adjusted", "trap", "file", "fatal", "unresolved"}

func (k NoteKind) String() string {
	if k <= 0 || int(k) >= len(noteKinds) {
		return fmt.Sprintf("NoteKind(%d)", int(k))
	}
	return noteKinds[k]
}

// Note is one thing that a reader of the configuration should know: where, in
// which block, and what keepalived makes of it.
type Note struct {
	Pos   Pos
	Kind  NoteKind
	Block string // the blocks around it, such as "virtual_server 192.0.2.1 53 / real_server 198.51.100.1 53"
	Text  string // one sentence

	// Lost is what keepalived leaves out whole for it, as it is written, such as "virtual_server 192.0.2.1:53". It is more than
	// the line: a service, a server, a check or an address that is not there, and that no other part of the [Config] names.
	// Empty: nothing, or only what the line itself says.
	Lost string
	Mend string // what to change in the configuration; empty: Text tells
}

// TouchesLVS reports whether the table that keepalived programs may depend on
// what the note is about, so that whoever acts on the configuration can refuse.
func (n Note) TouchesLVS() bool {
	return n.Block == "" || strings.HasPrefix(n.Block, "virtual_server") ||
		strings.HasPrefix(n.Block, "global_defs")
}

func (n Note) String() string {
	if n.Block == "" {
		return fmt.Sprintf("%s: %s: %s", n.Pos, n.Kind, n.Text)
	}
	return fmt.Sprintf("%s: %s: %s (in %s)", n.Pos, n.Kind, n.Text, n.Block)
}
