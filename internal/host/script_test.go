package host

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// files is a tree in memory: "mode uid gid", or "-> target" for a symbolic link.
type files map[string]string

func (f files) lstat(name string) (entry, error) {
	text, ok := f[name]
	if !ok {
		return entry{}, fs.ErrNotExist
	}
	if text == "forbidden" {
		return entry{}, fs.ErrPermission
	}
	if link, ok := strings.CutPrefix(text, "-> "); ok {
		return entry{mode: fs.ModeSymlink | 0o777, link: link}, nil
	}
	var e entry
	var kind string
	var bits uint32
	if _, err := fmt.Sscanf(text, "%1s%o %d %d", &kind, &bits, &e.uid, &e.gid); err != nil {
		return entry{}, err
	}
	e.mode = fs.FileMode(bits & 0o777)
	for bit, mode := range map[uint32]fs.FileMode{0o1000: fs.ModeSticky, 0o2000: fs.ModeSetgid, 0o4000: fs.ModeSetuid} {
		if bits&bit != 0 {
			e.mode |= mode
		}
	}
	if kind == "d" {
		e.mode |= fs.ModeDir
	}
	return e, nil
}

func (f files) read(string) ([]byte, error) { return nil, fs.ErrNotExist }

func TestLook(t *testing.T) {
	const passwd = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\nbroken\nalso:x:y:z\n"
	const group = "root:x:0:\nstaff:x:50:nobody\n"
	const check = "/usr/bin/check"
	for _, test := range []struct {
		name   string
		files  files // what differs from a tree in which all is well
		id     ScriptID
		reader ScriptReader
		passwd string
		want   ScriptState
		reason string
	}{
		{name: "fine", want: ScriptFine},
		{name: "fine as nobody", id: ScriptID{User: "nobody"}, want: ScriptFine},
		{name: "missing", files: files{check: ""}, want: ScriptMissing, reason: "/usr/bin/check does not exist"},
		{name: "missing directory", files: files{"/usr/bin": ""}, want: ScriptMissing, reason: "/usr/bin does not exist"},
		{name: "found in PATH", id: ScriptID{Path: "check"}, want: ScriptFine},
		{name: "not in PATH", id: ScriptID{Path: "cheque"}, want: ScriptMissing, reason: "cheque is in none of " + keepalivedPath},
		{
			name: "not executable", files: files{check: "f0644 0 0"}, want: ScriptNotExecutable,
			reason: "/usr/bin/check is not executable for user root",
		},
		{
			name: "executable for root alone", files: files{check: "f0700 0 0"}, id: ScriptID{User: "nobody"},
			want: ScriptNotExecutable, reason: "/usr/bin/check is not executable for user nobody",
		},
		{name: "executable for its group", files: files{check: "f0710 0 50"}, id: ScriptID{User: "nobody", Group: "staff"}, want: ScriptFine},
		{
			name: "not for its owner", files: files{check: "f0077 65534 65534"}, id: ScriptID{User: "nobody"},
			want: ScriptNotExecutable, reason: "/usr/bin/check is not executable for user nobody",
		},
		{
			name: "directory that the user may not enter", files: files{"/usr/bin": "d0700 0 0"},
			id: ScriptID{User: "nobody"}, want: ScriptMissing,
			reason: "user nobody may not enter /usr/bin (mode 0700)",
		},
		{
			name: "directory that we may not enter", files: files{check: "forbidden"}, want: ScriptUnknown,
			reason: "this process may not look at /usr/bin/check",
		},

		{
			name: "not root's", files: files{check: "f0755 1000 0"}, want: ScriptInsecure,
			reason: "/usr/bin/check belongs to uid 1000, not to root",
		},
		{name: "not root's, run by nobody", files: files{check: "f0755 1000 0"}, id: ScriptID{User: "nobody"}, want: ScriptFine},
		{
			name: "not root's, run by root's group", files: files{check: "f0755 1000 1000"},
			id: ScriptID{User: "nobody", Group: "root"}, want: ScriptInsecure,
			reason: "/usr/bin/check belongs to uid 1000, not to root",
		},
		{
			name: "becomes root", files: files{check: "f4777 0 0"}, id: ScriptID{User: "nobody"}, want: ScriptInsecure,
			reason: "everybody may write /usr/bin/check (mode 0777)",
		},
		{
			name: "directory of a group", files: files{"/usr/bin": "d2775 0 50"}, want: ScriptInsecure,
			reason: "gid 50 may write /usr/bin (mode 0775)",
		},
		{name: "directory of root's group", files: files{"/usr/bin": "d0775 0 0"}, want: ScriptFine},
		{name: "sticky directory", files: files{"/usr/bin": "d1777 0 0"}, want: ScriptFine},
		{
			name: "sticky does not help a file", files: files{check: "f1757 0 0"}, want: ScriptInsecure,
			reason: "everybody may write /usr/bin/check (mode 0757)",
		},
		{name: "root directory", files: files{"/": "d0777 0 0"}, want: ScriptInsecure, reason: "everybody may write / (mode 0777)"},

		{name: "link", files: files{check: "-> real"}, want: ScriptFine},
		{name: "link with many steps", files: files{check: "-> ../../usr/./bin/real"}, want: ScriptFine},
		{
			name:  "link to elsewhere",
			files: files{check: "-> /opt/check", "/opt": "d0755 1000 0", "/opt/check": "f0755 0 0"},
			want:  ScriptInsecure, reason: "/opt belongs to uid 1000, not to root",
		},
		{
			name:  "directory that is a link",
			files: files{"/usr/bin": "-> /sbin", "/sbin": "d0755 0 0", "/sbin/check": "f0755 0 0"}, want: ScriptFine,
		},
		{name: "link to itself", files: files{check: "-> check"}, want: ScriptMissing, reason: "/usr/bin/check: too many symbolic links"},
		{name: "link to nothing", files: files{check: "-> /nothing"}, want: ScriptMissing, reason: "/nothing does not exist"},

		{name: "no such user", id: ScriptID{User: "dns"}, want: ScriptUserUnknown, reason: "there is no user dns"},
		{name: "no such group", id: ScriptID{User: "nobody", Group: "dns"}, want: ScriptUserUnknown, reason: "there is no group dns"},
		{
			name: "script_user", files: files{check: "f0700 0 0"}, reader: ScriptReader{DefaultUser: "nobody"},
			want: ScriptNotExecutable, reason: "/usr/bin/check is not executable for user nobody",
		},
		{
			name: "user of its own before script_user", files: files{check: "f0700 0 0"}, id: ScriptID{User: "root"},
			reader: ScriptReader{DefaultUser: "nobody"}, want: ScriptFine,
		},
		{
			name: "keepalived_script", files: files{check: "f0700 0 0"},
			passwd: passwd + "keepalived_script:x:100:100::/:\n", want: ScriptNotExecutable,
			reason: "/usr/bin/check is not executable for user keepalived_script",
		},
		{
			name: "security without a user", reader: ScriptReader{Secure: true}, want: ScriptUserUnknown,
			reason: "enable_script_security is set, script_user is not, and there is no user keepalived_script",
		},
		{name: "only opened", id: ScriptID{Path: "</run/up"}, want: ScriptFine},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := files{"/": "d0755 0 0", "/usr": "d0755 0 0", "/usr/bin": "d0755 0 0", check: "f0755 0 0", "/usr/bin/real": "f0755 0 0"}
			for name, text := range test.files {
				if all[name] = text; text == "" {
					delete(all, name)
				}
			}
			if test.id.Path == "" {
				test.id.Path = check
			}
			if test.passwd == "" {
				test.passwd = passwd
			}
			got := test.reader.look(test.id, all, parseUsers(test.passwd, group))
			if want := (Script{test.want, test.reason}); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestLookBelowRoot looks at real files: a link must not lead out of the root.
func TestLookBelowRoot(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"", "etc", "bin"} {
		must(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
		must(t, os.Chmod(filepath.Join(root, dir), 0o755))
	}
	for name, text := range map[string]string{"etc/passwd": "nobody:x:65534:65534::/:\n", "etc/group": "", "bin/check": "#!/bin/sh\n"} {
		must(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o755))
	}
	must(t, os.Symlink("/bin/check", filepath.Join(root, "check")))
	reader := ScriptReader{Root: root, DefaultUser: "nobody"}
	if got := reader.Look(ScriptID{Path: "/check"}); got.State != ScriptFine {
		t.Errorf("link below the root: %+v", got)
	}
	must(t, os.Chmod(filepath.Join(root, "bin/check"), 0o644))
	if got := reader.Look(ScriptID{Path: "/check"}); got.State != ScriptNotExecutable {
		t.Errorf("file without x: %+v", got)
	}
	if got := (ScriptReader{Root: filepath.Join(root, "nowhere")}).Look(ScriptID{Path: "/check"}); got.State != ScriptUnknown ||
		!strings.Contains(got.Reason, "user database") {
		t.Errorf("no user database: %+v", got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadEstimatorSysctls(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  EstimatorSysctls
	}{
		{"a kernel without them", nil, EstimatorSysctls{}},
		{"running", map[string]string{"run_estimation": "1\n", "est_cpulist": "0-3\n"}, EstimatorSysctls{}},
		{"off", map[string]string{"run_estimation": "0\n", "est_cpulist": "0-3\n"}, EstimatorSysctls{Off: true}},
		{"no processor", map[string]string{"run_estimation": "1\n", "est_cpulist": "\n"}, EstimatorSysctls{NoCPU: true}},
	} {
		root := t.TempDir()
		dir := filepath.Join(root, "proc/sys/net/ipv4/vs")
		must(t, os.MkdirAll(dir, 0o755))
		for name, text := range test.files {
			must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
		}
		if got, err := ReadEstimatorSysctls(root); got != test.want || err != nil {
			t.Errorf("%s: %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
}

func TestUserIDs(t *testing.T) {
	root := t.TempDir()
	if got, err := UserIDs(root, []string{"997", "0"}); err != nil || len(got) != 2 || got[0] != 997 || got[1] != 0 {
		t.Errorf("numbers need no database: %d, %v", got, err)
	}
	if _, err := UserIDs(root, []string{"nagios"}); err == nil || !strings.Contains(err.Error(), "user database") {
		t.Errorf("there is none: %v", err)
	}
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"passwd": "nagios:x:120:120::/:\n", "group": ""} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := UserIDs(root, []string{"nagios", "7"}); err != nil || len(got) != 2 || got[0] != 120 || got[1] != 7 {
		t.Errorf("%d, %v", got, err)
	}
	if _, err := UserIDs(root, []string{"naigos"}); err == nil ||
		!strings.Contains(err.Error(), "there is no user naigos in /etc/passwd; of a user from elsewhere give the number (id -u naigos)") {
		t.Errorf("a mistyped name: %v", err)
	}
}
