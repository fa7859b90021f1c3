package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// alone plays the same failures on a director that has no keepalived: lvsdns-fallback runs the checks of the same
// keepalived.conf and programs IPVS. Who holds the VIP is not its business; here the director simply has it.
func alone(lab *labtest.Lab) {
	s := drawFor(
		lab,
		`lvsdns demo: lvsdns-fallback as a director of its own, without keepalived, and a real IPVS, in a guest kernel`,
		"lvsdns-fallback asks, as keepalived.conf says", "",
	)
	lab.Install("lvsdns-fallback", "/usr/bin/lvsdns-fallback")
	if err := os.MkdirAll("/run/demo", 0o755); err != nil {
		lab.Fatalf("%v", err)
	}
	if err := os.WriteFile("/run/demo/keepalived.conf", []byte(conf), 0o644); err != nil {
		lab.Fatalf("%v", err)
	}
	s.director.Hold(vip)
	p := s.direct()
	t := s.play(2 * time.Second)
	s.ended(t, p)
}

// direct starts lvsdns-fallback.
func (s *stage) direct() *labtest.Process {
	return s.director.Start("/usr/bin/lvsdns-fallback", "run", "--keepalived-config", "/run/demo/keepalived.conf", "--checkers-pid-file", "",
		"--lock-file", "/run/demo/fallback.lock", "--state-file", "/run/demo/state.json", "--report-file", "/run/demo/report.json")
}

// ended kills the director's program while the clients ask, and starts it again.
func (s *stage) ended(t traffic, p *labtest.Process) {
	fmt.Print("\nkill -9 of lvsdns-fallback, while the clients ask\n")
	t.phase("nobody")
	p.Kill()
	s.pause(5 * time.Second)
	s.whole("after 5 s without it the table is as it was")
	fmt.Printf("   client queries meanwhile: %s\n", t.counts("nobody"))
	t.phase("again")
	mark := len(p.Log())
	p = s.direct()
	s.lab.WaitFor("it is back", patience, func() bool { return strings.Contains(p.Log()[mark:], "configuration taken") })
	s.pause(2 * interval)
	s.whole(fmt.Sprintf("started again, it finds what it needs, and has written %d times", strings.Count(p.Log()[mark:], "msg=written")))
	fmt.Printf("   client queries meanwhile: %s\n", t.counts("again"))
}

// whole ends the demo if a server is missing.
func (s *stage) whole(says string) {
	for at, server := range s.servers {
		if s.tables(at) != 2 {
			s.lab.Fatalf("%s is not in both tables\n%s", server.Name, s.lab.Dump())
		}
	}
	fmt.Printf("   %s\n", says)
	s.show()
}
