//go:build lab && prove

package docscheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestTwoDirectors goes through docs/two-directors.md as its reader does, on two directors that have stock keepalived with its own checks
// and a systemd, with Debian's Prometheus and Alertmanager on a third host, while a client asks all the time.
func TestTwoDirectors(t *testing.T) {
	if !labtest.HasSystemd() {
		t.Skip("no systemd is installed here")
	}
	before, err := os.ReadFile("testdata/before.conf")
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t)
	for _, program := range []string{
		"lvsdns", "lvsdns-check", "lvsdns-check-tls", "lvsdns-exporter", "lvsdns-fallback", "lvsdns-notify", "lvsdns-notify-act",
	} {
		s.Install(program, "/usr/bin/"+program)
	}
	lan := s.LAN("lan", "192.168.1.0/24")
	for i, name := range []string{"dns1", "dns2"} {
		h := s.RealServer(name, lan.At([]string{"192.168.1.21", "192.168.1.22"}[i])).DR("192.168.1.100")
		ns := h.NameServer(labtest.NSD)
		s.plain(h)
		s.instead[name+": systemctl stop nsd"], s.instead[name+": systemctl start nsd"] = ns.Stop, ns.Start
	}
	client := s.Client("client", lan.At("192.168.1.50"))
	s.plain(client)
	s.machine(s.Client("mon", lan.At("192.168.1.60")))
	priorities := []string{"100", "90"}
	for i, name := range []string{"lb1", "lb2"} {
		s.machine(s.Director(name, lan.At("192.168.1.1"+name[2:])))
		conf := filepath.Join(s.on[name].files, "etc/keepalived/keepalived.conf")
		if err := os.WriteFile(conf, []byte(strings.Replace(string(before), "PRIORITY", priorities[i], 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := s.on[name].shell("systemctl start keepalived"); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	question := labtest.Question{Server: "192.168.1.100", Name: labtest.Zone, Type: "SOA"}
	s.WaitFor("the directors serve before anything is done", time.Minute, func() bool {
		a, err := client.Ask(question)
		return err == nil && a.Rcode == "NOERROR"
	})
	load := client.Load(labtest.Traffic{Question: question, UDP: 4, TCP: 1}, "")
	s.begins = load.Phase
	s.play("docs/two-directors.md")
	for _, p := range load.Stop() {
		if lost := p.UDP.Failed() + p.TCP.Failed(); lost > 0 {
			t.Logf("%s: UDP %+v, TCP %+v", p.Name, p.UDP, p.TCP)
		}
	}
}
