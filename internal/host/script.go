package host

// ScriptID is a script as keepalived's configuration names it. Two checks with
// the same ScriptID are the same file run by the same user.
type ScriptID struct {
	Path        string // the first word of the command
	User, Group string // as configured; empty: the default
}

// Script is what keepalived would find when it looks at a script.
type Script struct {
	State  ScriptState
	Reason string // why it is not ScriptFine: which file, whose, what is wrong
}

// ScriptState is keepalived's verdict on a script.
type ScriptState int

// The verdicts. Only a ScriptFine and, without enable_script_security, a
// ScriptInsecure are run.
const (
	ScriptUnknown ScriptState = iota // this process may not look
	ScriptFine
	ScriptMissing
	ScriptNotExecutable
	ScriptInsecure
	ScriptUserUnknown
)

// ScriptReader looks at scripts as keepalived's checker process does when it
// starts. It only reads file modes and the user database, and runs nothing.
type ScriptReader struct {
	Root string // of the file system; empty: /

	// DefaultUser and DefaultGroup are script_user of global_defs; empty if it is not set.
	DefaultUser, DefaultGroup string

	// Secure is enable_script_security.
	Secure bool
}

// Look says what keepalived would find.
func (r ScriptReader) Look(id ScriptID) Script {
	tree := directory(r.Root)
	users, err := readUsers(tree)
	if err != nil {
		return Script{ScriptUnknown, err.Error()}
	}
	return r.look(id, tree, users)
}

// look follows check_script_secure in keepalived's core/notify.c.
func (r ScriptReader) look(id ScriptID, tree tree, users users) Script {
	by, reason := r.runAs(id, users)
	if reason != "" {
		return Script{ScriptUserUnknown, reason}
	}
	if len(id.Path) > 1 && id.Path[0] == '<' {
		return Script{State: ScriptFine} // "</file" asks only whether the file can be opened
	}
	path, real, err := find(tree, id.Path, by)
	if err != nil {
		return Script{err.state, err.reason}
	}
	file, statErr := tree.lstat(real)
	switch {
	case statErr != nil:
		return Script{ScriptMissing, statErr.Error()}
	case !file.permits(by, 1):
		return Script{ScriptNotExecutable, real + " is not executable for " + by.String()}
	}
	if by.uid != 0 && by.gid != 0 && !file.becomesRoot() {
		return Script{State: ScriptFine} // it can do no more than its user, so keepalived does not mind who can change it
	}
	for _, p := range namesToCheck(tree, path, real) {
		if reason := insecure(tree, p); reason != "" {
			return Script{ScriptInsecure, reason}
		}
	}
	return Script{State: ScriptFine}
}

// Credentials are the user and group as whom keepalived runs a script; a reason
// says why it finds nobody.
func (r ScriptReader) Credentials(id ScriptID) (uid, gid uint32, reason string) {
	users, err := readUsers(directory(r.Root))
	if err != nil {
		return 0, 0, err.Error()
	}
	w, reason := r.runAs(id, users)
	return w.uid, w.gid, reason
}
