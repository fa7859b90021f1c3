package host

import (
	"fmt"
	"strconv"
	"strings"
)

// who runs a script.
type who struct {
	uid, gid uint32
	name     string
}

func (w who) String() string { return fmt.Sprintf("user %s", w.name) }

// users is the user database as far as it is in /etc/passwd and /etc/group.
type users struct {
	byName map[string]who
	groups map[string]uint32
}

func readUsers(t tree) (users, error) {
	passwd, err := t.read("/etc/passwd")
	if err != nil {
		return users{}, fmt.Errorf("read the user database: %w", err)
	}
	group, err := t.read("/etc/group")
	if err != nil {
		return users{}, fmt.Errorf("read the group database: %w", err)
	}
	return parseUsers(string(passwd), string(group)), nil
}

// parseUsers reads passwd(5) and group(5); a line that is malformed names nobody.
func parseUsers(passwd, group string) users {
	u := users{byName: map[string]who{}, groups: map[string]uint32{}}
	for line := range strings.Lines(passwd) {
		if f := strings.Split(line, ":"); len(f) > 3 {
			uid, err1 := strconv.ParseUint(f[2], 10, 32)
			gid, err2 := strconv.ParseUint(f[3], 10, 32)
			if err1 == nil && err2 == nil {
				u.byName[f[0]] = who{uint32(uid), uint32(gid), f[0]}
			}
		}
	}
	for line := range strings.Lines(group) {
		if f := strings.Split(line, ":"); len(f) > 2 {
			if gid, err := strconv.ParseUint(f[2], 10, 32); err == nil {
				u.groups[f[0]] = uint32(gid)
			}
		}
	}
	return u
}

// standardUser runs scripts when nothing is configured and it exists; otherwise
// keepalived's own user does, which is root (keepalived.conf(5), script_user).
const standardUser = "keepalived_script"

// runAs finds who runs a script, or says why keepalived finds nobody.
func (r ScriptReader) runAs(id ScriptID, u users) (who, string) {
	user, group := id.User, id.Group
	if user == "" {
		user, group = r.DefaultUser, r.DefaultGroup
	}
	if user == "" {
		if w, ok := u.byName[standardUser]; ok {
			return w, ""
		}
		if r.Secure {
			return who{}, "enable_script_security is set, script_user is not, and there is no user " + standardUser
		}
		return who{name: "root"}, ""
	}
	w, ok := u.byName[user]
	if !ok {
		return who{}, "there is no user " + user
	}
	if group != "" {
		gid, ok := u.groups[group]
		if !ok {
			return who{}, "there is no group " + group
		}
		w.gid = gid
	}
	return w, ""
}

// UserIDs finds users by name, in /etc/passwd below a root, or by number.
func UserIDs(root string, names []string) ([]uint32, error) {
	var all []uint32
	var known users
	for _, name := range names {
		if uid, err := strconv.ParseUint(name, 10, 32); err == nil {
			all = append(all, uint32(uid))
			continue
		}
		if known.byName == nil {
			var err error
			if known, err = readUsers(directory(root)); err != nil {
				return nil, err
			}
		}
		w, ok := known.byName[name]
		if !ok {
			return nil, fmt.Errorf("there is no user %s in /etc/passwd; of a user from elsewhere give the number (id -u %s)", name, name)
		}
		all = append(all, w.uid)
	}
	return all, nil
}
