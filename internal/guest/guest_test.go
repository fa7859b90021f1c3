package guest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTestFlags(t *testing.T) {
	for _, tt := range []struct {
		name         string
		args         []string
		wantWritable []string
		wantTimeout  time.Duration
	}{
		{name: "nothing", args: nil},
		{name: "no test binary", args: []string{"sh", "-c", "timeout=3s"}},
		{
			name: "go test -coverprofile",
			args: []string{"/w/b001/pkg.test", "-test.paniconexit0", "-test.timeout=10m0s", "-test.testlogfile=/w/b001/testlog.txt",
				"-test.gocoverdir=/w/b001/gocoverdir", "-test.coverprofile=/w/b001/_cover_.out", "-test.outputdir=/src/pkg"},
			wantWritable: []string{"/w/b001", "/w/b001/gocoverdir", "/w/b001", "/src/pkg"},
			wantTimeout:  10 * time.Minute,
		},
		{name: "two dashes", args: []string{"pkg.test", "--test.trace=/out/trace"}, wantWritable: []string{"/out"}},
		{name: "relative to the output directory", args: []string{"pkg.test", "-test.cpuprofile=cpu.out"}},
		{name: "no timeout", args: []string{"pkg.test", "-test.timeout=0"}},
		{name: "a timeout that is none", args: []string{"pkg.test", "-test.timeout=soon"}},
		{name: "an empty path", args: []string{"pkg.test", "-test.testlogfile="}},
		{name: "a flag of the test's own", args: []string{"pkg.test", "-update=/etc/x", "-trace.file=/etc/x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			writable, timeout := TestFlags(tt.args)
			if !slices.Equal(writable, tt.wantWritable) || timeout != tt.wantTimeout {
				t.Errorf("TestFlags(%q) = %q, %v; want %q, %v", tt.args, writable, timeout, tt.wantWritable, tt.wantTimeout)
			}
		})
	}
}

// The job must hand over each word as it is: run it here, without any guest.
func TestJobScriptKeepsEveryByte(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's a \"dir\"\\ \n$HOME")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	words := []string{"", " ", "'", `"`, `\`, "$(id)", "`id`", "two\nlines", "-n", "*", "\xff\x01", "a=b"}
	s := Spec{
		Dir:  dir,
		Argv: append([]string{"/bin/sh", "-c", `pwd; printf '%s\0' "$AWKWARD" "$LVSDNS_LAB" "$@"`, "sh"}, words...),
		Env:  []string{"AWKWARD=it's\n$x"},
	}
	got, err := exec.Command("/bin/sh", "-c", jobScript(s, "uml")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	want := dir + "\n" + strings.Join(append([]string{"it's\n$x", "uml"}, words...), "\x00") + "\x00"
	if string(got) != want {
		t.Errorf("the command saw\n%q\nwant\n%q", got, want)
	}
}

func TestShares(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec Spec
		want []share
	}{
		{
			name: "the working directory and the run's own",
			spec: Spec{Dir: "/src/pkg"},
			want: []share{{"/src/pkg", true}, {"/tmp/lab-1", true}},
		},
		{
			name: "the whole root is never written through",
			spec: Spec{Dir: "/"},
			want: []share{{"/tmp/lab-1", true}},
		},
		{
			name: "parents first, each once",
			spec: Spec{Dir: "/src/pkg", Writable: []string{"/src/pkg/testdata", "/src", "/src/pkg"}},
			want: []share{{"/src", true}, {"/src/pkg", true}, {"/src/pkg/testdata", true}, {"/tmp/lab-1", true}},
		},
		{
			name: "the host's own root needs nothing to read",
			spec: Spec{Dir: "/src/pkg", Readable: []string{"/src"}},
			want: []share{{"/src/pkg", true}, {"/tmp/lab-1", true}},
		},
		{
			name: "another root does, and may write where both are asked for",
			spec: Spec{Root: "/trixie", Dir: "/src/pkg", Readable: []string{"/src", "/src/pkg"}},
			want: []share{{"/src", false}, {"/src/pkg", true}, {"/tmp/lab-1", true}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.spec.shares("/tmp/lab-1"); !slices.Equal(got, tt.want) {
				t.Errorf("shares are %v, want %v", got, tt.want)
			}
		})
	}
}

func TestFstabEscapesPaths(t *testing.T) {
	p := plan{mounts: []mount{{"/.host/a b\\c", "/a b\\c\td", "none", "bind"}}}
	want := `/.host/a\040b\134c /a\040b\134c\011d none bind,X-mount.mkdir 0 0` + "\n"
	if got := p.fstab(); got != want {
		t.Errorf("fstab is\n%s\nwant\n%s", got, want)
	}
}

func TestSubmounts(t *testing.T) {
	here := t.TempDir()
	spaced := filepath.Join(here, "a b")
	if err := os.Mkdir(spaced, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(here, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	mountinfo := strings.Join([]string{
		`22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw`,
		`23 22 0:5 / /proc rw - proc proc rw`,
		`24 22 0:6 / /dev/shm rw - tmpfs tmpfs rw`,
		`25 22 8:2 / ` + here + ` rw,relatime shared:2 - xfs /dev/sda2 rw`,
		`26 22 8:2 / ` + strings.ReplaceAll(spaced, " ", `\040`) + ` rw - btrfs /dev/sda3 rw`,
		`27 22 8:2 / ` + file + ` rw - ext4 /dev/sda1 rw`,
		`28 22 8:2 / /nonexistent rw - ext4 /dev/sda1 rw`,
		`29 22 8:2 / ` + here + ` rw - ext4 /dev/sda1 rw`,
		`nonsense`,
		``,
	}, "\n")
	if got, want := submounts(mountinfo), []string{here, spaced}; !slices.Equal(got, want) {
		t.Errorf("submounts are %q, want %q", got, want)
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var live bytes.Buffer
	tail := &tail{also: &live}
	for i := range 5000 {
		line := strings.Repeat(string(rune('a'+i%26)), 99) + "\n"
		if n, err := tail.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	if got := tail.String(); len(got) != tailSize || !strings.HasSuffix(live.String(), got) {
		t.Errorf("the tail is %d bytes, want the last %d", len(got), tailSize)
	}
	if live.Len() != 500000 {
		t.Errorf("%d bytes came live, want all 500000", live.Len())
	}
}

func TestChooseRefusesAnUnknownKernel(t *testing.T) {
	_, err := choose(Spec{Kernel: "bsd"})
	if err == nil || !strings.Contains(err.Error(), "choose uml, qemu, host or auto") {
		t.Errorf("error is %v, want one that says what there is", err)
	}
}
