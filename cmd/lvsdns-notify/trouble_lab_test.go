//go:build lab && prove

package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFailoverWithoutJournal has the journals of both directors on disks that are full, read-only, or hold rubbish: the addresses move, the actions are
// done, and the system log has one line about it from each director.
func TestFailoverWithoutJournal(t *testing.T) {
	log := newSystemLog(t)
	p := newPair(t, scripts, options{})
	first, second := p.nodes[0], p.nodes[1]
	p.converge("the start", first)
	for _, tt := range []struct{ name, harm, mend, word string }{
		{"a full disk", "mount -t tmpfs -o size=64k none %[1]s && (cat /dev/zero >%[1]s/ballast 2>/dev/null || true)", "umount -l %[1]s", "no space left on device"},
		{"a read-only disk", "mount -t tmpfs -o size=64k none %[1]s && mount -o remount,ro %[1]s", "umount -l %[1]s", "read-only file system"},
		{"bad JSON", `echo '{"version": 1, "records": [' >%[1]s/notify.journal`, "test -d %[1]s", "is no journal"},
	} {
		p.lab.WaitFor("nobody is at work any more", 40*time.Second, func() bool {
			return strings.TrimSpace(first.sh("pgrep -c -f '[l]vsdns-notify-act settle' || true")) == "0" // of both: they have one /proc
		})
		log.forget()
		for _, n := range p.nodes {
			n.sh(tt.harm, n.file("lib"))
		}
		for _, move := range []struct {
			what  string
			do    func()
			owner *node
		}{
			{"the stop", func() { first.keepalived.Stop() }, second},
			{"the start again", func() { first.keepalived.Start() }, first},
		} {
			move.do()
			last := ""
			p.lab.WaitFor(tt.name+": all is as the addresses tell after "+move.what, 60*time.Second, func() bool {
				last = move.owner.wrongParts(true) + p.nodes[1-move.owner.n].wrongParts(false) + p.served(move.owner)
				return p.owner() == move.owner && last == ""
			})
		}
		lines := log.with(tt.word)
		for _, n := range p.nodes {
			about := 0
			for _, line := range lines {
				if strings.Contains(line, n.file("lib")) {
					about++
				}
			}
			if about != 1 {
				t.Errorf("%s: %d lines about it from %s", tt.name, about, n.Name)
			}
		}
		t.Logf("%s: the addresses and all actions have moved there and back; the system log says:\n%s", tt.name, strings.Join(lines, "\n"))
		for _, n := range p.nodes {
			n.sh(tt.mend, n.file("lib"))
		}
	}
	first.keepalived.Stop()
	first.stopPost(scripts)
	p.converge("a failover with all mended", second)
}

// systemLog takes what programs say to the system log.
type systemLog struct {
	mu    sync.Mutex
	lines []string
}

func newSystemLog(t *testing.T) *systemLog {
	l := &systemLog{}
	_ = os.Remove("/dev/log")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: "/dev/log", Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		_ = os.Remove("/dev/log")
	})
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			l.mu.Lock()
			l.lines = append(l.lines, string(buffer[:n]))
			l.mu.Unlock()
		}
	}()
	return l
}

func (l *systemLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = nil
}

// with are the lines of lvsdns-notify that have a word.
func (l *systemLog) with(word string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for _, line := range l.lines {
		if strings.Contains(line, "lvsdns-notify") && strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return found
}

// TestFIFOsOfKeepalived has keepalived make its FIFOs, because it is started first: it unlinks them at each reload and makes others. The reader is killed in
// the middle, and keepalived with it.
func TestFIFOsOfKeepalived(t *testing.T) {
	const rounds = 4
	p := newPair(t, fifos, options{exporter: true, late: true})
	first, second := p.nodes[0], p.nodes[1]
	p.converge("the start", first)
	for round := range rounds {
		what := func(text string) string { return fmt.Sprintf("%s (round %d)", text, round+1) }
		first.keepalived.Reload(first.conf(fifos, 50))
		p.converge(what("a reload with a lower priority"), second)

		first.reader.Kill()
		first.keepalived.Reload(first.conf(fifos, p.priority[0]))
		p.lab.WaitFor("the address is back", 40*time.Second, func() bool { return p.owner() == first })
		first.startReader()
		p.converge(what("a reload without a reader"), first)

		first.reader.Kill()
		first.keepalived.Kill()
		p.lab.WaitFor("the address is there", 40*time.Second, func() bool { return p.owner() == second })
		first.sh("rm -f %s %s", first.file("vrrp.fifo"), first.file("lvs.fifo")) // else the next one finds them, and leaves them alone at a reload
		if round%2 == 0 {
			first.startReader()
			// What keepalived said last was in the FIFO that is gone: nobody has heard of its end, and the addresses tell.
			p.lab.WaitFor(what("all is as the addresses tell after the end of both"), 40*time.Second, func() bool {
				return second.wrong(true) == "" && first.wrongParts(false) == ""
			})
			first.keepalived.Start()
		} else {
			first.keepalived.Start()
			first.madeFIFOs()
			first.startReader()
		}
		p.converge(what("the start of both"), first)
	}
	d, err := first.journal()
	if err != nil || d.Reader == nil || d.Reader.Resyncs == 0 {
		t.Fatalf("the reader has never looked for what it has missed: %+v %v", d, err)
	}
	t.Logf("%d moves; the reader has looked %d times for what it may have missed, the last time because %s", 3*rounds+1, d.Reader.Resyncs, d.Reader.Why)
}
