package main

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

const vip = "192.168.1.100"

// conf is the director's keepalived.conf; its addresses are those of draw.
//
//go:embed keepalived.conf
var conf string

// hook stands for the operator's own script behind keepalived's notify lines.
const hook = `#!/bin/sh
echo "$(date +%T) this director is now $1" >>/run/vip_failover.log
`

// stage is the drawing with everything running.
type stage struct {
	lab      *labtest.Lab
	lan      *labtest.LAN
	director *labtest.Host
	servers  []server
	clients  []*labtest.Host
	observed bool // by an exporter
	watched  bool // by a Prometheus outside of the guest
}

// server is one real server with its name server.
type server struct {
	*labtest.Host
	dns *labtest.NameServer
}

func (s server) rip() string { return s.Addr().String() }

// draw builds director, real servers and clients on one LAN and starts all but
// who programs the director.
func draw(lab *labtest.Lab) *stage {
	return drawFor(lab, "lvsdns demo: stock keepalived and a real IPVS, watched by lvsdns-exporter and a Prometheus, in a guest kernel", "keepalived runs", `  Prometheus .9  <---  lvsdns-exporter on the director and on both servers:
                       with DR the director sees queries, the servers answers

`)
}

// drawFor says who asks and who watches.
func drawFor(lab *labtest.Lab, headline, who, watchers string) *stage {
	fmt.Printf(`%s (Linux %s)

  client1 .51                                  dns1 192.168.1.21  NSD
              --->  director 192.168.1.11  -->
  client2 .52       VIP 192.168.1.100          dns2 192.168.1.22  NSD

%s  UDP and TCP port 53, scheduler wrr, forwarding method DR. Every 6 seconds
  %s: lvsdns-check --name example.com --transport both ADDRESS

starting ...
`, headline, kernel(), watchers, who)
	lan := lab.LAN("lan", "192.168.1.0/24")
	s := &stage{lab: lab, lan: lan, director: lab.Director("director", lan.At("192.168.1.11"))}
	for i, rip := range rips {
		host := lab.RealServer(fmt.Sprintf("dns%d", i+1), lan.At(rip)).DR(vip)
		s.servers = append(s.servers, server{host, host.NameServer(labtest.NSD)})
	}
	s.clients = []*labtest.Host{
		lab.Client("client1", lan.At("192.168.1.51")),
		lab.Client("client2", lan.At("192.168.1.52")),
	}
	// As docs/flows.md asks for: a client that keeps its port is not left with a server that is gone.
	if _, err := s.director.Run(lab.Context(), "sysctl", "-qw", "net.ipv4.vs.expire_nodest_conn=1"); err != nil {
		lab.Fatalf("set the director's kernel: %v", err)
	}
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lab.InstallFile("/usr/local/bin/vip_failover.sh", hook)
	return s
}

func kernel() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(release))
}

// traffic is the clients' steady questions to the VIP, counted by phase.
type traffic []*labtest.Load

// ask lets each client ask 8 times a second over UDP and twice over TCP. A
// question fails when no good answer comes within a second.
func (s *stage) ask(phase string) traffic {
	var t traffic
	for _, c := range s.clients {
		t = append(t, c.Load(labtest.Traffic{
			Question: labtest.Question{Server: vip, Timeout: time.Second}, UDP: 8, TCP: 2,
		}, phase))
	}
	return t
}

func (t traffic) phase(name string) {
	for _, l := range t {
		l.Phase(name)
	}
}

// counts adds up the phases with this name; an empty name adds all of them.
// Questions that are still under way do not count.
func (t traffic) counts(name string) string {
	var udp, tcp, udpFailed, tcpFailed int
	for _, l := range t {
		for _, p := range l.Phases() {
			if name == "" || p.Name == name {
				udp, udpFailed = udp+p.UDP.Answered+p.UDP.Failed(), udpFailed+p.UDP.Failed()
				tcp, tcpFailed = tcp+p.TCP.Answered+p.TCP.Failed(), tcpFailed+p.TCP.Failed()
			}
		}
	}
	return fmt.Sprintf("%d of %d failed (UDP %d of %d, TCP %d of %d)",
		udpFailed+tcpFailed, udp+tcp, udpFailed, udp, tcpFailed, tcp)
}
