package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// says waits for the log to have something, so often.
func (s *service) says(times int, text string) {
	s.Helper()
	for n := 0; strings.Count(s.log.String(), text) < times; n++ {
		if n > 3000 {
			s.Fatalf("waited in vain for %q, %d times, in the log:\n%s", text, times, s.log.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *service) file(name, want string) {
	s.Helper()
	var got []byte
	for range 3000 {
		if got, _ = os.ReadFile(filepath.Join(s.dir, name)); string(got) == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Fatalf("%s has %q, want %q\n%s", name, got, want, s.log.String())
}

// TestFIFOReload sends SIGHUP to the service: it reads its settings anew, goes on with the old ones where the new ones are wrong, and loses no event.
func TestFIFOReload(t *testing.T) {
	s := newService(t)
	fd := s.open()
	// events writes what keepalived says, while settings change.
	total := uint64(0)
	more := func() {
		t.Helper()
		if taken := events(fd, 2000); taken != 2000 {
			t.Fatalf("%d of 2000 events fit", taken)
		}
		total += 2000
	}
	track := filepath.Join(s.dir, "healthy")
	rule := func(to string) string {
		return "  - instances: [HERE]\n    states: [master]\n    actions: [{command: {run: [/bin/sh, -c, 'echo " + to + " >" + s.dir + "/$LVSDNS_NAME.state']}}]\n"
	}
	for round := range 5 {
		more()
		s.signal(syscall.SIGHUP)
		more()
		s.says(round+1, "the settings were read anew")
	}
	s.until("all events", func(d *notify.Document) bool { return d.Reader.Lines == total })
	s.settled("five reloads in a flood of events")

	s.write("notify.yaml", "resync: 1s\nrules:\n"+rule("new")+"agreements:\n  - instance: HERE\n    ipvs-sync: true\ntrack-files:\n  - {path: "+track+", vip: 192.0.2.53, on-exit: remove}\n")
	s.signal(syscall.SIGHUP)
	s.says(6, "the settings were read anew")
	s.until("the agreement", func(d *notify.Document) bool { return len(d.Agreements) == 1 })
	more()
	s.until("all events", func(d *notify.Document) bool { return d.Reader.Lines == total })
	s.file("HERE.state", "new\n")

	s.write("notify.yaml", "resync: 1s\nrulez: []\nresink: 1s\n")
	s.signal(syscall.SIGHUP)
	s.says(1, "the settings stay as they were")
	for _, line := range strings.Split(s.log.String(), "\n") {
		if strings.Contains(line, "the settings stay as they were") && (!strings.Contains(line, "did you mean rules?") || !strings.Contains(line, "did you mean resync?")) {
			t.Errorf("not one line with all that is wrong: %s", line)
		}
	}
	if err := os.Remove(filepath.Join(s.dir, "HERE.state")); err != nil {
		t.Fatal(err)
	}
	more()
	d := s.until("all events", func(d *notify.Document) bool { return d.Reader.Lines == total })
	if len(d.Agreements) != 1 {
		t.Errorf("a file with a mistake has changed something: %+v", d.Agreements)
	}
	s.file("HERE.state", "new\n")

	s.write("notify.yaml", "log: {level: warn, format: json}\n")
	s.signal(syscall.SIGHUP)
	s.says(1, "this setting takes a restart and stays as it was")
	s.until("no agreement any more", func(d *notify.Document) bool { return len(d.Agreements) == 0 })
	if d := s.until("all events", func(d *notify.Document) bool { return d.Reader.Lines == total }); d.Reader.PID != s.cmd.Process.Pid || d.Reader.Resyncs != 0 {
		t.Errorf("%+v: something was lost, or it is another process\n%s", d.Reader, s.log.String())
	}
	if _, err := os.Stat(track); err == nil {
		t.Error("the track file that nobody wants any more is still there, in spite of on-exit: remove")
	}
	s.signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, s.log.String())
	}
}
