package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

const (
	interval = 6 * time.Second // delay_loop in keepalived.conf
	// patience is for a machine that is busy with other things; the demo
	// prints how long it really took.
	patience = 10 * interval
)

// scene is one way for a name server to fail while its host goes on.
type scene struct {
	says  string
	spoil func(*labtest.NameServer)
}

func scenes() []scene {
	return []scene{
		{"is killed", (*labtest.NameServer).Kill},
		{"answers SERVFAIL", func(n *labtest.NameServer) { n.Break(labtest.Servfail) }},
		{"answers REFUSED", func(n *labtest.NameServer) { n.Break(labtest.Refused) }},
		{"has its TCP port 53 closed", (*labtest.NameServer).CloseTCP},
		{"answers UDP after 3 s, the check waits 2 s", func(n *labtest.NameServer) { n.Slow(3 * time.Second) }},
	}
}

// play breaks a server in each way, and shows what keepalived and the clients
// make of it. The lab ends the program when a server is not taken out, does
// not come back, or when the healthy one goes.
func (s *stage) play(watch time.Duration) traffic {
	took := s.lab.WaitFor("the VIP, and both name servers in both tables", patience, func() bool {
		return s.director.Holds(vip) && s.tables(0) == 2 && s.tables(1) == 2
	})
	fmt.Printf("the director holds the VIP, both name servers have passed their first check, after %v\n", tenths(took))
	s.show()
	if s.observed {
		s.announce()
		s.listens()
	}
	t := s.ask("start")
	s.pause(watch)
	fmt.Printf("   client queries so far: %s\n", t.counts("start"))
	for i, scene := range scenes() {
		// Turn about: each of them is the broken one, and the healthy one.
		s.scene(t, i, scene, i%len(s.servers), watch)
	}
	fmt.Printf("\nAll %d failures were seen, and all were mended. Client queries in all: %s\n", len(scenes()), t.counts(""))
	return t
}

func (s *stage) scene(t traffic, i int, scene scene, at int, watch time.Duration) {
	broken, healthy := s.servers[at], s.servers[1-at]
	failing, without := fmt.Sprint(i, " failing"), fmt.Sprint(i, " without")
	fmt.Printf("\n%d of %d: %s %s\n", i+1, len(scenes()), broken.Name, scene.says)
	before := s.packets()
	t.phase(failing)
	scene.spoil(broken.dns)
	out := s.lab.WaitFor(broken.Name+" leaves both tables", patience, func() bool { return s.tables(at) == 0 })
	t.phase(without)
	fmt.Printf("   check says: %s\n", s.check(broken))
	fmt.Printf("   out of both tables after %v, %.1f check intervals\n", tenths(out), out.Seconds()/interval.Seconds())
	s.show()
	if i == 0 {
		s.alerted(broken)
	}
	s.pause(watch)
	broken.dns.Repair()
	back := s.lab.WaitFor(broken.Name+" comes back", patience, func() bool { return s.tables(at) == 2 })
	t.phase("healthy")
	s.pause(watch)
	fmt.Printf("   client queries until it was out: %s\n", t.counts(failing))
	fmt.Printf("   client queries while it was out: %s\n", t.counts(without))
	fmt.Printf("   repaired, and back in both tables after %v\n", tenths(back))
	if s.observed {
		fmt.Printf("   packets say meanwhile: %s\n", s.packets().since(before))
	}
	if s.tables(1-at) != 2 {
		s.lab.Fatalf("%s was healthy all the time, and is not in both tables\n%s", healthy.Name, s.lab.Dump())
	}
}

// stay leaves the lab running for whoever wants to look.
func (s *stage) stay(ctx context.Context, t traffic) {
	fmt.Print("\nThe lab goes on; Ctrl-C ends it.\n")
	s.places()
	for {
		t.phase(time.Now().Format(time.TimeOnly))
		s.pause(10 * time.Second)
		if ctx.Err() != nil {
			return
		}
		now := time.Now().Format(time.TimeOnly)
		fmt.Printf("\n%s  client queries: %s\n", now, t.counts(""))
		fmt.Printf("   packets say: %s\n", s.packets())
		s.show()
	}
}

// tables says in how many of the two tables, UDP and TCP, a server serves.
func (s *stage) tables(at int) int {
	return len(s.director.IPVS().Where(s.servers[at].rip()))
}

// check runs the check by hand, with keepalived's arguments.
func (s *stage) check(on server) string {
	// A check that fails exits with 1: its line is what we are after.
	out, _ := s.director.Run(s.lab.Context(), "lvsdns-check", "--name", "example.com", "--transport", "both", on.rip())
	return strings.TrimSpace(out)
}

func (s *stage) show() {
	for _, v := range s.director.IPVS() {
		var names []string
		for _, server := range s.servers {
			for _, r := range v.RealServers {
				if r.Addr.Addr() == server.Addr() {
					names = append(names, fmt.Sprintf("%s weight %d", server.Name, r.Weight))
				}
			}
		}
		fmt.Printf("   %-22s %s -> %s\n", v, v.Scheduler, strings.Join(names, ", "))
	}
}

func (s *stage) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.lab.Context().Done():
	}
}

func tenths(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
