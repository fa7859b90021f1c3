package packaging_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/dnstest"
)

// rpmArch is what rpm calls an architecture of dpkg.
var rpmArch = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// packages are those of a kind that "make packages" has made, by architecture. A test without any is skipped: "make test" makes them first.
func packages(t *testing.T, kind string, programs ...string) map[string]string {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s here: \"lab/setup.sh base packages\" installs it", program)
		}
	}
	all := map[string]string{}
	for deb, rpm := range rpmArch {
		pattern := map[string]string{"deb": "lvsdns_*_" + deb + ".deb", "rpm": "lvsdns-*." + rpm + ".rpm"}[kind]
		found, err := filepath.Glob(filepath.Join("../dist", pattern))
		if err != nil || len(found) > 1 {
			t.Fatalf("%s: %q, %v: \"make packages\" makes one", pattern, found, err)
		}
		if len(found) == 1 {
			all[deb] = found[0]
		}
	}
	if len(all) == 0 {
		t.Skipf("dist/ has no .%s: \"make packages\" makes it", kind)
	}
	return all
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, stderr.Bytes())
	}
	return string(out)
}

// programs are those of cmd/.
func programs(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../cmd/lvsdns*")
	if err != nil || len(found) == 0 {
		t.Fatalf("programs %q, %v", found, err)
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return found
}

var settings = []string{"/etc/lvsdns/exporter.yaml", "/etc/lvsdns/fallback.yaml", "/etc/lvsdns/notify.yaml"}

// TestPrograms: each program is in each package, where only root can change it (keepalived's script security), and settings are
// configuration files, which an upgrade leaves as they are.
func TestPrograms(t *testing.T) {
	for arch, deb := range packages(t, "deb", "dpkg-deb") {
		list := output(t, "dpkg-deb", "--contents", deb)
		for _, program := range programs(t) {
			if !regexp.MustCompile(`(?m)^-rwxr-xr-x root/root .* \./usr/bin/` + program + `$`).MatchString(list) {
				t.Errorf("%s: %s is not there, or not root's alone:\n%s", arch, program, list)
			}
		}
		if strange := regexp.MustCompile(`(?m)^.(.{4}w|.{7}w).*|^.\S+ (?:[^r]|r[^o]).*$`).FindString(list); strange != "" {
			t.Errorf("%s: others than root may change %s", arch, strange)
		}
		if is := strings.Fields(output(t, "dpkg-deb", "--info", deb, "conffiles")); !slices.Equal(is, settings) {
			t.Errorf("%s: configuration files are %q", arch, is)
		}
	}
	for arch, rpm := range packages(t, "rpm", "rpm") {
		list := output(t, "rpm", "--query", "--package", "--queryformat",
			`[%{FILEMODES:perms} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILENAMES}\n]`, rpm)
		for _, program := range programs(t) {
			if !strings.Contains(list, "-rwxr-xr-x root root /usr/bin/"+program+"\n") {
				t.Errorf("%s: %s is not there, or not root's alone:\n%s", arch, program, list)
			}
		}
		if is := strings.Fields(output(t, "rpm", "--query", "--package", "--configfiles", rpm)); !slices.Equal(is, settings) {
			t.Errorf("%s: configuration files are %q", arch, is)
		}
	}
}

// TestScripts: the packages have the scripts that stand here, and sh takes them.
func TestScripts(t *testing.T) {
	for _, script := range []string{"postinst", "prerm", "postrm", "post", "preun", "postun"} {
		output(t, "sh", "-n", filepath.Join("scripts", script))
	}
	for arch, deb := range packages(t, "deb", "dpkg-deb") {
		for _, script := range []string{"postinst", "prerm", "postrm"} {
			if output(t, "dpkg-deb", "--info", deb, script) != read(t, "scripts/"+script) {
				t.Errorf("%s: another %s", arch, script)
			}
		}
	}
	for arch, rpm := range packages(t, "rpm", "rpm") {
		is := output(t, "rpm", "--query", "--package", "--scripts", rpm)
		want := ""
		for _, script := range [][2]string{{"postinstall", "post"}, {"preuninstall", "preun"}, {"postuninstall", "postun"}} {
			want += script[0] + " scriptlet (using /bin/sh):\n" + read(t, "scripts/"+script[1]) + "\n"
		}
		if is != want {
			t.Errorf("%s: rpm has the scripts\n%s\nwant\n%s", arch, is, want)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLintian: Debian's own checker finds nothing but what lintian-overrides names.
func TestLintian(t *testing.T) {
	args := []string{"--allow-root", "--fail-on", "none"}
	if _, err := os.Stat("../dist/share/man"); err != nil {
		t.Log("dist/share has no manual pages: lintian is not asked for them")
		args = append(args, "--suppress-tags", "no-manual-page")
	}
	for arch, deb := range packages(t, "deb", "lintian") {
		if said := output(t, "lintian", append(args, deb)...); said != "" {
			t.Errorf("%s:\n%s", arch, said)
		}
	}
}

// TestOtherArchitecture runs the checker of arm64 on this machine, by QEMU: a pass, and a port that is closed.
func TestOtherArchitecture(t *testing.T) {
	deb := packages(t, "deb", "dpkg-deb", "qemu-aarch64-static")["arm64"]
	if deb == "" {
		t.Skip("dist/ has no package for arm64: \"make packages\" makes one")
	}
	dir := t.TempDir()
	output(t, "dpkg-deb", "--extract", deb, dir)
	check := func(server string) (string, int) {
		t.Helper()
		program := filepath.Join(dir, "usr/bin/lvsdns-check")
		cmd := exec.Command("qemu-aarch64-static", program, "--name", "example.com", "--timeout", "20s", server)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
		q.Send(dnstest.ReplyWith(q.Wire, 0, []dnstest.Record{dnstest.SOA}, nil))
	})
	if said, status := check(server.Addr().String()); status != 0 || !strings.HasPrefix(said, "PASS ") {
		t.Errorf("of a good server it says %q and ends with %d", said, status)
	}
	if said, status := check("127.0.0.1:1"); status != 1 || !strings.HasPrefix(said, "FAIL ") {
		t.Errorf("of a closed port it says %q and ends with %d", said, status)
	}
}
