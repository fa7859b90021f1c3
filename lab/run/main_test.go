package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the tests run this test binary as lab-run itself.
func TestMain(m *testing.M) {
	if os.Getenv("LAB_RUN_AS_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestCommandInGuest(t *testing.T) {
	needLab(t, "linux.uml")
	for _, kernel := range []struct {
		name  string
		needs []string
	}{
		{"uml", nil},
		{"qemu", []string{"qemu-system-x86_64"}},
	} {
		t.Run(kernel.name, func(t *testing.T) {
			needLab(t, kernel.needs...)
			testCommand(t, kernel.name)
		})
	}
}

// TestHostKernel proves the third kind where the host has no IPVS itself: the
// runner runs in a guest, whose kernel is then the host's.
func TestHostKernel(t *testing.T) {
	needLab(t, "linux.uml")
	const script = `
"$RUNNER" --kernel auto sh -c 'ipvsadm -A -u 10.0.0.2:53 && ipvsadm -Ln; echo "$LVSDNS_LAB"; echo scratch >/etc/lab-run-test; echo kept >kept; exit 9'
echo "status $?"
ipvsadm -Ln | grep 10.0.0.2
cat /etc/lab-run-test kept
exit 0`
	l := newLab(t, "--kernel", "uml", "sh", "-c", script)
	l.Env = append(l.Env, "RUNNER="+build(t))
	status, stdout := l.output(t)
	_, got, _ := strings.Cut(stdout, "UDP")
	if want := "  10.0.0.2:53 wlc\nhost\nstatus 9\nkept\n"; status != 0 || got != want {
		t.Errorf("exit status %d, stdout %q; want 0 and an end of %q\n%s", status, stdout, want, &l.stderr)
	}
}

func TestAnotherRoot(t *testing.T) {
	needLab(t, "linux.uml")
	root, err := filepath.Abs("../../.cache/trixie")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(root); err != nil {
		t.Skip("there is no second release here: lab/trixie.sh makes it")
	}
	runner := build(t)
	l := newLab(
		t, "--root", root, "--writable", filepath.Dir(runner), "sh", "-c",
		`. /etc/os-release; echo "$VERSION_CODENAME"; cat sources; "$RUNNER" -h | head -n 1; echo new >/etc/lab-run-test; echo kept >kept; exit 5`,
	)
	l.Env = append(l.Env, "RUNNER="+runner)
	if err := os.WriteFile(filepath.Join(l.dir, "sources"), []byte("here\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	status, stdout := l.output(t)
	if want := "trixie\nhere\nUsage: lab-run [flags] COMMAND [ARGUMENT...]\n"; status != 5 || stdout != want {
		t.Errorf("exit status %d, stdout %q; want 5, %q\n%s", status, stdout, want, &l.stderr)
	}
	if _, err := os.Stat(filepath.Join(l.dir, "kept")); err != nil {
		t.Errorf("the working directory is not written through: %v", err)
	}
	if os.Remove(filepath.Join(root, "etc/lab-run-test")) == nil {
		t.Error("the guest wrote to its root")
	}
}

// testCommand looks at all that one guest can show, because a guest takes seconds.
func testCommand(t *testing.T, kernel string) {
	const script = `
printf 'a\rb\000c\377d\r\nno newline at the end'
echo oops >&2
echo scratch >/etc/lab-run-test && echo scratch >/root/lab-run-test || exit 101
echo here >result
echo there >"$EXTRA/result"
{
	cat /proc/uptime
	date +%s
	cat /proc/sys/kernel/hostname
	pwd
	printf '%s\n' "$AWKWARD" "$LVSDNS_LAB" "$@"
	ipvsadm -A -t 10.0.0.1:53 && ipvsadm -Ln
	ip -brief address show lo
	awk '/MemTotal/ { print ($2 > 900000 ? "memory is enough" : $0) }' /proc/meminfo
} >facts 2>&1
exit 7`
	extra := t.TempDir()
	l := newLab(t, "--kernel", kernel, "--writable", extra, "sh", "-c", script, "sh", "it's", "$HOME", "")
	l.Env = append(l.Env, "EXTRA="+extra, "AWKWARD=two\nlines, \"quotes\" and 'quotes'")
	started := time.Now()
	status, stdout := l.output(t)

	if status != 7 {
		t.Errorf("exit status %d, want the command's 7", status)
	}
	if want := "a\rb\x00c\xffd\r\nno newline at the end"; stdout != want {
		t.Errorf("stdout is %q, want %q", stdout, want)
	}
	if got := l.stderr.String(); got != "oops\n" {
		t.Errorf("stderr is %q, want the command's alone", got)
	}
	for _, f := range []string{"/etc/lab-run-test", "/root/lab-run-test"} {
		if os.Remove(f) == nil {
			t.Errorf("the guest wrote to the host's %s", f)
		}
	}
	for f, want := range map[string]string{filepath.Join(l.dir, "result"): "here\n", filepath.Join(extra, "result"): "there\n"} {
		if got, err := os.ReadFile(f); string(got) != want {
			t.Errorf("%s holds %q (%v), want %q written through", f, got, err, want)
		}
	}
	facts, err := os.ReadFile(filepath.Join(l.dir, "facts"))
	if err != nil {
		t.Fatal(err)
	}
	uptime, rest, _ := strings.Cut(string(facts), " ")
	_, rest, _ = strings.Cut(rest, "\n")
	clock, rest, _ := strings.Cut(rest, "\n")
	t.Logf("%s: first command %s s after the kernel's start, whole run %.1f s", kernel, uptime, time.Since(started).Seconds())
	if !strings.HasPrefix(clock, fmt.Sprint(started.Unix())[:6]) { // within hours, not 1970
		t.Errorf("the guest's clock says %s, the host's %d", clock, started.Unix())
	}
	wantStart := fmt.Sprintf("lab\n%s\ntwo\nlines, \"quotes\" and 'quotes'\n%s\nit's\n$HOME\n\nIP Virtual Server", l.dir, kernel)
	if !strings.HasPrefix(rest, wantStart) {
		t.Errorf("the command saw\n%s\nwant it to start with\n%s", rest, wantStart)
	}
	for _, want := range []string{"TCP  10.0.0.1:53 wlc", "127.0.0.1/8 ::1/128", "memory is enough"} {
		if !strings.Contains(rest, want) {
			t.Errorf("the command saw\n%s\nwant %q in it", rest, want)
		}
	}
}

func TestStreamsKeepEveryByteAndTheirOrder(t *testing.T) {
	needLab(t, "linux.uml")
	for _, kernel := range []struct {
		name  string
		needs []string
	}{
		{"uml", nil},
		{"qemu", []string{"qemu-system-x86_64"}},
	} {
		t.Run(kernel.name, func(t *testing.T) {
			needLab(t, kernel.needs...)
			testStreams(t, kernel.name)
		})
	}
}

// testStreams sends both streams into one pipe, as under "go test": 1 MB, lines
// alternating. A process that the command leaves behind must not hold that up.
func testStreams(t *testing.T, kernel string) {
	const lines = 20000
	pad := strings.Repeat("x", 44)
	l := newLab(t, "--kernel", kernel, "sh", "-c", fmt.Sprintf(`sleep 1000 &
pad=%s; i=0; while [ $i -lt %d ]; do echo "out $i $pad"; i=$((i+1)); echo "err $i $pad" >&2; i=$((i+1)); done`, pad, lines))
	var got bytes.Buffer
	l.Stdout, l.Stderr = &got, &got
	if err := l.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &got)
	}
	var want bytes.Buffer
	for i := 0; i < lines; i += 2 {
		fmt.Fprintf(&want, "out %d %s\nerr %d %s\n", i, pad, i+1, pad)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("%d bytes came out that are not the %d that went in", got.Len(), want.Len())
	}
	l.checkGone(t)
}

func TestGuestThatFails(t *testing.T) {
	needLab(t, "linux.uml")
	broken := t.TempDir() // it has a shell that is none
	if err := os.MkdirAll(filepath.Join(broken, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "bin/sh"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name       string
		args       []string
		wantStatus int
		wantOut    string
		wantErr    []string
	}{
		{
			name:       "hangs",
			args:       []string{"--timeout", "15s", "sh", "-c", "echo started; echo 'last words' >/dev/console; sleep 1000"},
			wantStatus: 1,
			wantOut:    "started\n",
			wantErr:    []string{"last words", "the guest took longer than 15s and was ended"},
		},
		{
			name:       "panics",
			args:       []string{"sh", "-c", "echo started; echo c >/proc/sysrq-trigger"},
			wantStatus: 1,
			wantOut:    "started\n",
			wantErr:    []string{"Kernel panic", "the guest ended before its command did"},
		},
		{
			name:       "powers off",
			args:       []string{"sh", "-c", "echo started; echo o >/proc/sysrq-trigger; sleep 1000"},
			wantStatus: 1,
			wantOut:    "started\n",
			wantErr:    []string{"the guest ended before its command did"},
		},
		{
			name:       "has no such program",
			args:       []string{"/nonexistent/pkg.test", "-test.v"},
			wantStatus: 127,
			wantErr:    []string{"/nonexistent/pkg.test", "No such file or directory"},
		},
		{
			// It ends before it has a /proc of its own, so it must not end by SysRq.
			name:       "has a root that cannot run",
			args:       []string{"--kernel", "uml", "--root", broken, "true"},
			wantStatus: 1,
			wantErr:    []string{"Attempted to kill init", "the guest ended before its command did"},
		},
		{
			name:       "has no such root",
			args:       []string{"--root", "/nonexistent", "true"},
			wantStatus: 1,
			wantErr:    []string{"--root /nonexistent is no Debian tree"},
		},
		{
			name:       "runs out of memory at the start",
			args:       []string{"--mem", "16", "true"},
			wantStatus: 1,
			wantErr:    []string{"the guest ended before its command did"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, tt.args...)
			status, stdout := l.output(t)
			if status != tt.wantStatus || stdout != tt.wantOut {
				t.Errorf("exit status %d, stdout %q; want %d, %q", status, stdout, tt.wantStatus, tt.wantOut)
			}
			for _, want := range tt.wantErr {
				if !strings.Contains(l.stderr.String(), want) {
					t.Errorf("stderr lacks %q:\n%s", want, &l.stderr)
				}
			}
		})
	}
}

func TestGuestEndsWithItsRunner(t *testing.T) {
	needLab(t, "linux.uml")
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "sh", "-c", "sleep 1000 & echo up; sleep 1000")
			l.startAndWait(t)
			if err := l.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if err := l.Wait(); err == nil {
				t.Error("exit status 0, want a failure")
			}
			l.checkGone(t)
		})
	}
}

func TestTwoGuestsAtOnce(t *testing.T) {
	needLab(t, "linux.uml")
	const script = `echo $1 >/etc/lab-run-test; echo up; until [ -e go ]; do sleep 0.1; done; exit $(cat /etc/lab-run-test)`
	first, second := newLab(t, "sh", "-c", script, "sh", "11"), newLab(t, "sh", "-c", script, "sh", "12")
	first.startAndWait(t)
	second.startAndWait(t)
	for i, l := range []*lab{first, second} {
		if err := os.WriteFile(filepath.Join(l.dir, "go"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		_ = l.Wait()
		if got, want := l.ProcessState.ExitCode(), 11+i; got != want {
			t.Errorf("exit status %d, want %d\n%s", got, want, &l.stderr)
		}
		l.checkGone(t)
	}
}
