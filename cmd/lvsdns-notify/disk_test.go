package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDisk has the journal on a disk of its own that gets full, or that the kernel makes read-only, as it does after an error. Every
// time the action is done; what is wrong is said once, and again when it comes again.
func TestDisk(t *testing.T) {
	const want = `before: status 0, acted
broken: lvsdns-notify: TROUBLE; status 1, acted
still broken: status 1, acted
mended: status 0, acted
broken again: lvsdns-notify: TROUBLE; status 1, acted
mended again: status 0, acted
the journal has 3 events
`
	for _, tt := range []struct{ name, harm, mend, trouble string }{
		{"full", "cat /dev/zero >lib/ballast 2>/dev/null || true", "rm lib/ballast", `journal: write \S+/lib/notify\.journal: no space left on device`},
		{"read-only", "mount -o remount,ro lib", "mount -o remount,rw lib", `journal: write \S+/lib/notify\.journal: read-only file system`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := withDisk(t, "hook before backup", tt.harm, "hook broken master", "hook 'still broken' master", tt.mend, "hook mended master",
				tt.harm, "hook 'broken again' backup", tt.mend, "hook 'mended again' backup", `echo "the journal has $(grep -c ^event lib/notify.journal) events"`)
			if got = regexp.MustCompile(tt.trouble).ReplaceAllString(got, "TROUBLE"); got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
		})
	}
}

// withDisk runs a script in a directory whose lib is a disk of 64 KB, in a mount namespace. In the script "hook TITLE WORD..." runs the hook.
func withDisk(t *testing.T, script ...string) string {
	t.Helper()
	if err := exec.Command("unshare", "--mount", "--propagation", "private", "true").Run(); err != nil {
		t.Skipf("no mount namespace can be made here (%v): run it as root", err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"keepalived.conf": "vrrp_instance VI {\n\tinterface lo\n\tvirtual_ipaddress {\n\t\t127.0.0.1/8\n\t}\n\tnotify_master \"h master\"\n\tnotify_backup \"h backup\"\n}\n",
		"notify.yaml":     "rules:\n  - states: [master]\n    actions: [{command: {run: [/bin/touch, " + dir + "/acted]}}]\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	prelude := `mount -t tmpfs -o size=64k none lib
hook() {
	title=$1; shift; rm -f acted
	status=0; said=$(` + binary() + " " + strings.Join(places(dir), " ") + ` "$@" 2>&1) || status=$?
	echo "$title: ${said:+$said; }status $status, $(test -e acted && echo acted || echo nothing done)"
}
`
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-eu", "-c", prelude+strings.Join(script, "\n"))
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
