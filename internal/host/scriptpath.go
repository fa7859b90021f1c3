package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lvsdns/lvsdns/internal/bounded"
)

// tree is a file system, seen without following symbolic links.
type tree interface {
	lstat(name string) (entry, error)
	read(name string) ([]byte, error)
}

// entry is what the security of a file depends on.
type entry struct {
	mode     fs.FileMode
	uid, gid uint32
	link     string // where a symbolic link points
}

// permits reports whether a user has all of these permission bits (rwx as 4, 2 and 1).
func (e entry) permits(w who, bits fs.FileMode) bool {
	switch perm := e.mode.Perm(); {
	case w.uid == 0 && bits == 1 && !e.mode.IsDir():
		return perm&0o111 != 0
	case w.uid == 0:
		return true
	case e.uid == w.uid:
		return perm>>6&bits == bits
	case e.gid == w.gid:
		return perm>>3&bits == bits
	default:
		return perm&bits == bits
	}
}

// becomesRoot reports whether the file runs as root or root's group whoever starts it.
func (e entry) becomesRoot() bool {
	return e.uid == 0 && e.mode&fs.ModeSetuid != 0 && e.mode&0o100 != 0 ||
		e.gid == 0 && e.mode&fs.ModeSetgid != 0 && e.mode&0o010 != 0
}

// unusable is a path that does not lead to a script.
type unusable struct {
	state  ScriptState
	reason string
}

// keepalivedPath is where systemd lets a daemon search for commands, when the
// configuration gives a bare name.
const keepalivedPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"

// find gives the path of a script as it was found and without symbolic links.
func find(t tree, name string, by who) (found, real string, bad *unusable) {
	if strings.Contains(name, "/") {
		real, bad := resolve(t, name, by)
		return path.Join("/", name), real, bad
	}
	for dir := range strings.SplitSeq(keepalivedPath, ":") {
		if real, bad := resolve(t, dir+"/"+name, by); bad == nil {
			return dir + "/" + name, real, nil
		}
	}
	return "", "", &unusable{ScriptMissing, name + " is in none of " + keepalivedPath}
}

const maxLinks = 40 // as in Linux, path_resolution(7)

// resolve is realpath(3) as the script's user: each directory must be searchable.
func resolve(t tree, name string, by who) (string, *unusable) {
	done, todo := "/", strings.Split(path.Join("/", name), "/")[1:]
	for links := 0; len(todo) > 0; {
		if dir, err := t.lstat(done); err != nil {
			return "", cannot(done, err)
		} else if !dir.permits(by, 1) {
			return "", &unusable{ScriptMissing, fmt.Sprintf("%s may not enter %s (mode %04o)", by, done, dir.mode.Perm())}
		}
		next := path.Join(done, todo[0])
		e, err := t.lstat(next)
		if err != nil {
			return "", cannot(next, err)
		}
		todo = todo[1:]
		if e.mode.Type() != fs.ModeSymlink {
			done = next
			continue
		}
		if links++; links > maxLinks {
			return "", &unusable{ScriptMissing, next + ": too many symbolic links"}
		}
		target := e.link
		if !path.IsAbs(target) {
			target = path.Join(done, target)
		}
		done, todo = "/", append(strings.Split(path.Clean(target), "/")[1:], todo...)
	}
	return done, nil
}

func cannot(name string, err error) *unusable {
	if errors.Is(err, fs.ErrPermission) {
		return &unusable{ScriptUnknown, "this process may not look at " + name}
	}
	return &unusable{ScriptMissing, name + " does not exist"}
}

// namesToCheck are the paths that keepalived looks over. It keeps the last name
// of a link to the script, because programs look at the name they are called by.
func namesToCheck(t tree, found, real string) []string {
	if kept := path.Join(path.Dir(real), path.Base(found)); kept != real {
		if target, bad := resolve(t, kept, who{}); bad == nil && target == real {
			return []string{kept, real}
		}
	}
	return []string{real}
}

// insecure is check_security in keepalived's core/notify.c: every component of
// the path must belong to root, and nobody else may write it.
func insecure(t tree, name string) string {
	names := []string{name}
	for name != "/" {
		name = path.Dir(name)
		names = append([]string{name}, names...)
	}
	for _, n := range names {
		e, err := t.lstat(n)
		if err != nil {
			return n + " cannot be looked at"
		}
		// In a sticky directory others can add files but not replace this one; the
		// mode of a symbolic link means nothing.
		writable := e.mode.IsRegular() || e.mode.IsDir() && e.mode&fs.ModeSticky == 0
		switch {
		case e.uid != 0:
			return fmt.Sprintf("%s belongs to uid %d, not to root", n, e.uid)
		case writable && e.mode&0o002 != 0:
			return fmt.Sprintf("everybody may write %s (mode %04o)", n, e.mode.Perm())
		case writable && e.gid != 0 && e.mode&0o020 != 0:
			return fmt.Sprintf("gid %d may write %s (mode %04o)", e.gid, n, e.mode.Perm())
		}
	}
	return ""
}

// maxAccounts is the size of /etc/passwd and /etc/group, with 100,000 users in them.
const maxAccounts = 16 << 20

// directory is the tree below a directory of this host; "" is /.
type directory string

func (d directory) lstat(name string) (entry, error) {
	at := filepath.Join("/", string(d), name)
	info, err := os.Lstat(at)
	if err != nil {
		return entry{}, err
	}
	e := entry{mode: info.Mode()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		e.uid, e.gid = st.Uid, st.Gid
	}
	if e.mode.Type() == fs.ModeSymlink {
		e.link, err = os.Readlink(at)
	}
	return e, err
}

func (d directory) read(name string) ([]byte, error) {
	return bounded.ReadFile(filepath.Join("/", string(d), name), maxAccounts)
}
