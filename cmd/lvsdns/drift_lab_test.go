//go:build lab

package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// mended is a keepalived.conf with nothing wrong in it. Its virtual servers are
// told apart by their ports. DIR and other capitals stand for what differs.
const mended = `
global_defs {
	enable_script_security
	script_user root
}
` + steady + `
virtual_server 192.168.1.100 1001 {  # the script is not there when keepalived starts
	SETTINGS
	real_server 192.168.1.21 1001 { MISC_CHECK {
		misc_path "DIR/late 192.168.1.21"
	} }
}
virtual_server 192.168.1.100 1003 {  # arguments outside the quotes
	SETTINGS
	real_server 192.168.1.21 1003 { MISC_CHECK {
		misc_path "/usr/bin/true -a b"
	} }
}
virtual_server 192.168.1.100 1004 {  # the script may be changed by somebody else
	SETTINGS
	real_server 192.168.1.21 1004 { MISC_CHECK {
		misc_path "DIR/open"
	} }
}
virtual_server 192.168.1.100 1005 {  # the script is not executable
	SETTINGS
	real_server 192.168.1.21 1005 { MISC_CHECK {
		misc_path "DIR/mode"
	} }
}
virtual_server 192.168.1.100 1010 {
	SETTINGS
	real_server 192.168.1.21 1010 { MISC_CHECK { # nothing looks at it
		misc_path "/usr/bin/true"
	} }
}
virtual_server 192.168.1.100 1011 {
	SETTINGS # in service before the first check
	real_server 192.168.1.21 1011 { MISC_CHECK {
		misc_path "/usr/bin/true"
	} }
}
virtual_server 192.168.1.100 1012 {  # the check may take longer than keepalived lets it
	SETTINGS
	real_server 192.168.1.21 1012 { MISC_CHECK {
		misc_path "/usr/bin/lvsdns-check --timeout 1s 192.168.1.21"
		misc_timeout 2
	} }
}
`

// faulty has a fault in each of these lines instead.
func faulty() string {
	return strings.NewReplacer(
		`"/usr/bin/true -a b"`, `/usr/bin/true -a b`,
		`{ MISC_CHECK { # nothing looks at it
		misc_path "/usr/bin/true"
	} }`, `{
		weight 1
	}`,
		`SETTINGS # in service before the first check`, `protocol UDP
	lb_algo wrr
	lb_kind DR
	delay_loop 86400`, // the first check comes at a random moment of it
		"--timeout 1s", "--timeout 3s", // later than keepalived kills it
	).Replace(mended)
}

// steady are the virtual servers whose faults come from outside.
const steady = `
virtual_server 192.168.1.100 1002 {  # the script goes away
	SETTINGS
	real_server 192.168.1.21 1002 { MISC_CHECK {
		misc_path "DIR/gone"
		OFTEN
	} }
}
virtual_server 192.168.1.100 1006 {  # the checker process dies while this one is down
	protocol UDP
	lb_algo wrr
	lb_kind DR
	inhibit_on_failure
	real_server 192.168.1.21 1006 {
		weight 10
		MISC_CHECK {
			misc_path "DIR/inhibited"
		OFTEN
		}
	}
}
virtual_server 192.168.1.100 1007 {  # a hand in the table
	SETTINGS
	real_server 192.168.1.21 1007 { MISC_CHECK {
		misc_path "/usr/bin/true"
	} }
	real_server 192.168.1.22 1007 { MISC_CHECK {
		misc_path "/usr/bin/true"
	} }
}
virtual_server 192.168.1.100 1008 {  # what was there before keepalived
	SETTINGS
	real_server 192.168.1.21 1008 { MISC_CHECK {
		misc_path "/usr/bin/true"
	} }
}
virtual_server 192.168.1.100 1009 {  # changed thresholds
	SETTINGS
	real_server 192.168.1.21 1009 {
		uthreshold UPPER
		MISC_CHECK {
			misc_path "/usr/bin/true"
		}
	}
}
virtual_server 192.168.1.100 1014 {  # fails when the checker process has just died
	SETTINGS
	real_server 192.168.1.21 1014 { MISC_CHECK {
		misc_path "DIR/alpha"
		OFTEN
	} }
}
virtual_server 192.168.1.100 1013 {  # a dynamic check that hangs
	SETTINGS
	real_server 192.168.1.21 1013 {
		weight 10
		MISC_CHECK {
			misc_path "DIR/dynamic"
			misc_timeout 3
			delay_loop 2
			misc_dynamic
		}
	}
}
`

const settings = `protocol UDP
	lb_algo wrr
	lb_kind DR
	delay_loop 3600
	warmup 0
	alpha`

// often is for the checks whose verdict changes during the test. The guest is
// slow to start a program, so most checks run once.
const often = `delay_loop 2
		warmup 0
		misc_timeout 10`

// drifted is what lvsdns drift --output json says.
type drifted struct {
	Differences []struct{ Kind, Severity, VIP, VPort, Proto, RIP, Text, Mend string }
	Summary     map[string]int
	Kernel      string
}

// alarming lists what is a warning or worse as "port kind".
func (d drifted) alarming() []string {
	list := []string{}
	for _, x := range d.Differences {
		if x.Severity != "info" {
			list = append(list, strings.TrimSpace(x.VPort+" "+x.Kind))
		}
	}
	slices.Sort(list)
	return list
}

// stage is the director with its keepalived and what the test does to them.
type stage struct {
	*labtest.Lab
	t          *testing.T
	director   *labtest.Host
	keepalived *labtest.Keepalived
}

func (s *stage) conf(text, upper string) string {
	return strings.NewReplacer("SETTINGS", settings, "OFTEN", often, "DIR", s.Dir(), "UPPER", upper).Replace(text)
}

func (s *stage) file(name string) string { return filepath.Join(s.Dir(), name) }

// drift runs lvsdns drift in the director's namespace.
func (s *stage) drift(flags ...string) (drifted, int) {
	s.t.Helper()
	args := append([]string{"drift", "--output", "json", "--keepalived-config", s.file("director/keepalived.conf"), "--pid-file", s.file("director/keepalived.pid")}, flags...)
	out, runErr := s.director.Run(s.t.Context(), "/usr/bin/lvsdns", args...)
	status := 0
	if exit := (*exec.ExitError)(nil); errors.As(runErr, &exit) {
		status = exit.ExitCode()
	} else if runErr != nil {
		s.t.Fatalf("lvsdns drift: %v", runErr)
	}
	var d drifted
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		s.t.Fatalf("lvsdns drift: %v: %v\n%s", runErr, err, out)
	}
	return d, status
}

// weight is that of the real server .21 of a virtual server, -1 if it is not there.
func (s *stage) weight(port int) int {
	v, _ := s.director.IPVS().Find(fmt.Sprintf("udp 192.168.1.100:%d", port))
	for _, r := range v.RealServers {
		if r.Addr.Addr().String() == "192.168.1.21" {
			return r.Weight
		}
	}
	return -1
}

func (s *stage) untilWeight(what string, port, want int) {
	s.t.Helper()
	s.WaitFor(what, 30*time.Second, func() bool { return s.weight(port) == want })
}

// killChecker kills keepalived's checker process, and waits for the next one,
// which runs its first check a second after its start.
func (s *stage) killChecker(meanwhile func()) {
	s.t.Helper()
	pid := func() string {
		text, _ := os.ReadFile(s.file("director/keepalived_checkers.pid"))
		return strings.TrimSpace(string(text))
	}
	old := pid()
	var n int
	fmt.Sscan(old, &n)
	if n <= 1 {
		s.t.Fatalf("keepalived's checker process: %q", old)
	}
	if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	meanwhile()
	s.WaitFor("another checker process", 30*time.Second, func() bool { return pid() != old && pid() != "" })
}

func TestDriftOfRealKeepalived(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns", "/usr/bin/lvsdns")
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	s := newStage(t, lab, lab.Director("director", lab.LAN("lan", "192.168.1.0/24").At("192.168.1.11")))

	lab.Script("gone", "exit 1")
	lab.Script("inhibited", "exit 0")
	lab.Script("dynamic", "read answer <"+s.file("answer")+"\ncase $answer in hang) exec sleep 60;; esac\nexit $answer")
	lab.Script("alpha", "exit 0")
	lab.InstallFile(s.file("answer"), "1\n")
	if err := errors.Join(os.Chmod(lab.Script("mode", "exit 0"), 0o644), os.Chown(lab.Script("open", "exit 0"), 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	// keepalived's add fails with EEXIST, which it takes for success.
	s.director.IPVSAdm("-A -u 192.168.1.100:1008 -s rr", "-a -u 192.168.1.100:1008 -r 192.168.1.29:1008 -g -w 7")
	s.keepalived = s.director.Keepalived(s.conf(faulty(), "0"))
	s.untilWeight("the check passes", 1014, 1)
	s.untilWeight("the failing check keeps its server out", 1002, -1)

	s.provoke()
	found, status := s.drift("--signal")
	want := []string{
		"1001 script_missing", "1002 script_missing", "1003 arguments_dropped", "1004 script_refused", "1005 script_not_executable",
		"1006 weight_stuck_at_zero", "1007 real_server_missing", "1007 weight", "1008 real_server_extra", "1008 scheduler",
		"1009 thresholds", "1010 no_checker", "1011 unchecked", "1012 timeout_no_room", "1013 weight_leaked",
		"1014 real_server_down_but_serving",
	}
	if got := found.alarming(); !slices.Equal(got, want) || status != 2 {
		t.Errorf("exit status %d, differences\n%s\nwant 2 and\n%s", status, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, d := range found.Differences {
		t.Logf("%s %s: %s; mend: %s", d.Severity, d.Kind, d.Text, d.Mend)
	}
	// What keepalived itself says of this configuration: nothing.
	if out, err := s.director.Run(t.Context(), "keepalived", "-t", "-f", s.file("director/keepalived.conf")); err != nil {
		t.Errorf("keepalived -t: %v %s", err, out)
	}
	s.elsewhere(len(found.Differences))
	s.mend(found)
	s.parentDies()
}

// provoke does what goes wrong on a director over the months.
func (s *stage) provoke() {
	s.t.Helper()
	s.Script("inhibited", "exit 1")
	s.untilWeight("the inhibited server gets weight 0", 1006, 0)
	s.killChecker(func() {
		s.Script("inhibited", "exit 0")
		s.Script("alpha", "exit 1")
	})
	s.InstallFile(s.file("answer"), "52\n")
	s.untilWeight("the dynamic check sets its weight", 1013, 50)

	s.keepalived.Reload(s.conf(faulty(), "500"))
	s.WaitFor("the reload is over", 30*time.Second, func() bool {
		d, _ := s.drift("--signal")
		return slices.Contains(d.alarming(), "1009 thresholds")
	})
	s.InstallFile(s.file("answer"), "hang\n")
	s.untilWeight("the hanging check is killed", 1013, -1)
	s.InstallFile(s.file("answer"), "42\n")
	s.WaitFor("the check passes again", 30*time.Second, func() bool { return s.weight(1013) > 0 })
	if got := s.weight(1013); got != 80 {
		s.t.Errorf("weight after the kill: %d, want keepalived's mistake: 80", got)
	}

	if err := os.Remove(s.file("gone")); err != nil {
		s.t.Fatal(err)
	}
	s.untilWeight("the server whose check went away is back", 1002, 1)
	s.director.IPVSAdm("-d -u 192.168.1.100:1007 -r 192.168.1.22:1007", "-e -u 192.168.1.100:1007 -r 192.168.1.21:1007 -g -w 77")
}

// elsewhere looks from another network namespace, and without the right to ask
// the kernel: what can be seen then is told apart from what is different.
func (s *stage) elsewhere(all int) {
	s.t.Helper()
	const dump = "/tmp/keepalived_check.data"
	config := s.file("director/keepalived.conf")
	out, err := exec.Command("/usr/bin/lvsdns", "drift", "--output", "json", "--keepalived-config", config, "--state-dump", dump, "--netns", "director").Output()
	var d drifted
	if json.Unmarshal(out, &d) != nil || len(d.Differences) != all {
		s.t.Errorf("from outside: %v, %d differences, want %d", err, len(d.Differences), all)
	}
	if err := errors.Join(os.Chmod(dump, 0o644), os.Chmod(config, 0o644)); err != nil {
		s.t.Fatal(err)
	}
	out, err = exec.Command("nsenter", "--net=/run/netns/director", "setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all",
		"/usr/bin/lvsdns", "drift", "--output", "json", "--keepalived-config", config, "--state-dump", dump).Output()
	var weak drifted
	if json.Unmarshal(out, &weak) != nil || weak.Kernel != "proc" || len(weak.Differences) != all-1 || weak.Summary["thresholds"] != 0 {
		s.t.Errorf("without CAP_NET_ADMIN: %v, %d differences by %s, want %d: all but the thresholds", err, len(weak.Differences), weak.Kernel, all-1)
	}
}

// mend does what lvsdns drift says, and looks again.
func (s *stage) mend(found drifted) {
	s.t.Helper()
	for _, d := range found.Differences {
		if strings.HasPrefix(d.Mend, "ipvsadm ") {
			if _, err := s.director.Run(s.t.Context(), "sh", "-c", d.Mend); err != nil {
				s.t.Errorf("%s: %s: %v", d.Kind, d.Mend, err)
			}
		}
	}
	s.Script("alpha", "exit 0")
	s.Script("late", "exit 0")
	s.Script("gone", "exit 0")
	if err := errors.Join(os.Chmod(s.file("mode"), 0o755), os.Chown(s.file("open"), 0, 0)); err != nil {
		s.t.Fatal(err)
	}
	// The command that was dropped passes its check, so that its server serves.
	s.InstallFile("/usr/bin/lvsdns-check", "#!/bin/sh\nexit 0\n")
	s.keepalived.Reload(s.conf(mended, "500"))
	s.clean("all is mended")
}

func (s *stage) clean(what string) {
	s.t.Helper()
	s.WaitFor(what, time.Minute, func() bool {
		if s.weight(1013) < 0 {
			return false // not started yet
		}
		_, status := s.drift("--signal")
		return status == 0
	})
}

// parentDies: then keepalived's children empty the table.
func (s *stage) parentDies() {
	s.t.Helper()
	s.keepalived.Kill()
	s.WaitFor("the table is empty", 30*time.Second, func() bool { return len(s.director.IPVS()) == 0 })
	d, status := s.drift()
	if n := d.Summary["virtual_server_missing"]; n != 14 || status != 2 {
		s.t.Errorf("without keepalived: exit status %d, %d virtual servers missing, want 2 and 14", status, n)
	}
	s.keepalived.Start()
	s.clean("keepalived is back")
}
