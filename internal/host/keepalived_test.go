package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeepalivedVersion(t *testing.T) {
	program := func(version string) string { return "\x7fELF\x00\x00Keepalived v" + version + " (01/16,2022)\x00" }
	status := func(name string, user int) string { return fmt.Sprintf("Name:\t%s\nUid:\t%d\t0\t0\t0\n", name, user) }
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string // the version, or part of the error
	}{
		{"installed", map[string]string{"usr/sbin/keepalived": program("2.2.7")}, "2.2.7"},
		{"built by hand", map[string]string{"usr/local/sbin/keepalived": program("2.3.4"), "usr/sbin/keepalived": program("2.2.7")}, "2.3.4"},
		{"upgraded and not restarted", map[string]string{
			"run/keepalived.pid": "77\n", "proc/77/status": status("keepalived", 0), "proc/77/exe": program("2.2.7"),
			"usr/sbin/keepalived": program("2.3.3"),
		}, "2.2.7"},
		{"its process ID is another's", map[string]string{
			"run/keepalived.pid": "77\n", "proc/77/status": status("postgres", 0), "proc/77/exe": program("2.2.7"),
			"usr/sbin/keepalived": program("2.3.3"),
		}, "2.3.3"},
		{"its process ID is of another user", map[string]string{
			"run/keepalived.pid": "77\n", "proc/77/status": status("keepalived", 65534),
			"proc/77/exe": program("2.2.7"), "usr/sbin/keepalived": program("2.3.3"),
		}, "2.3.3"},
		{"its process may not be looked at", map[string]string{
			"run/keepalived.pid": "77\n", "proc/77/status": status("keepalived", 0), "usr/sbin/keepalived": program("2.3.3"),
		}, "2.3.3"},
		{"no keepalived", nil, "file does not exist: no keepalived in /usr/local/sbin:"},
		{"no version", map[string]string{"usr/sbin/keepalived": "#!/bin/sh\n"}, "there is none in "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			for name, text := range tt.files {
				at := filepath.Join(root, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o755)); err != nil {
					t.Fatal(err)
				}
			}
			got, err := KeepalivedVersion(root, "/run/keepalived.pid")
			if err != nil {
				got = err.Error()
			}
			if got != tt.want && (err == nil || !strings.Contains(got, tt.want)) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if tt.files == nil && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%v is not os.ErrNotExist", err)
			}
		})
	}
}
