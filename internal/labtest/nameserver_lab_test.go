//go:build lab

package labtest_test

import (
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

func TestNameServers(t *testing.T) {
	for _, software := range []labtest.Software{labtest.NSD, labtest.BIND, labtest.Unbound, labtest.Knot, labtest.Recursor} {
		t.Run(string(software), func(t *testing.T) {
			director, dns1, client := dr(t)
			director.IPVSAdm(append(serve(vip, rip, "-g"), serve(vip6, rip6, "-g")...)...)
			n := dns1.NameServer(software)

			// ask asks through both VIPs and wants the same answer from both. No answer is "".
			ask := func(when string, q labtest.Question, want labtest.Answer) {
				t.Helper()
				for _, q.Server = range []string{vip, vip6} {
					a, err := client.Ask(q)
					if a.Rcode != want.Rcode || a.TC != want.TC || a.Answers != want.Answers {
						t.Errorf("%s: %+v:\n got %+v, %v\nwant %+v", when, q, a, err, want)
					}
				}
			}
			udp := labtest.Question{Timeout: 3 * time.Second}
			tcp := labtest.Question{Timeout: 3 * time.Second, TCP: true}
			good := labtest.Answer{Rcode: "NOERROR", Answers: 1}
			none := labtest.Answer{}

			ask("healthy", udp, good)
			ask("healthy", tcp, good)
			ask("healthy", labtest.Question{Name: "www.example.com", Type: "AAAA"}, good)
			ask("healthy", labtest.Question{Name: labtest.ServfailName}, labtest.Answer{Rcode: "SERVFAIL"})
			ask("healthy", labtest.Question{Name: labtest.RefusedName}, labtest.Answer{Rcode: "REFUSED"})
			ask("big", labtest.Question{Name: labtest.BigName, Type: "TXT"}, labtest.Answer{Rcode: "NOERROR", TC: true})
			ask("big", labtest.Question{Name: labtest.BigName, Type: "TXT", TCP: true}, good)

			for _, fault := range []labtest.Fault{labtest.Servfail, labtest.Refused} {
				n.Break(fault)
				ask("broken", udp, labtest.Answer{Rcode: string(fault)})
				ask("broken", tcp, labtest.Answer{Rcode: string(fault)})
			}
			n.Repair()
			ask("repaired", udp, good)

			n.CloseTCP()
			ask("TCP closed", udp, good)
			ask("TCP closed", tcp, none)
			n.OpenTCP()
			ask("TCP open", tcp, good)

			n.Slow(time.Second)
			ask("slow", labtest.Question{Timeout: 500 * time.Millisecond}, none)
			ask("slow", labtest.Question{Timeout: 5 * time.Second}, good)
			ask("slow", tcp, good)
			n.Repair()
			ask("quick", udp, good)

			n.Stop()
			ask("stopped", labtest.Question{Timeout: 300 * time.Millisecond}, none)
			ask("stopped", tcp, none)
			n.Start()
			ask("started", udp, good)
		})
	}
}

func TestLoadCountsByPhase(t *testing.T) {
	director, dns1, client := dr(t)
	director.IPVSAdm(serve(vip, rip, "-g")...)
	n := dns1.NameServer(labtest.NSD)

	load := client.Load(labtest.Traffic{
		Question: labtest.Question{Server: vip, Timeout: time.Second}, UDP: 20, TCP: 10,
	}, "healthy")
	time.Sleep(time.Second)
	n.CloseTCP()
	load.Phase("TCP closed")
	time.Sleep(time.Second)
	load.Phase("mending")
	n.Repair()
	n.Break(labtest.Refused)
	load.Phase("REFUSED")
	time.Sleep(time.Second)

	phases := load.Stop()
	for _, p := range phases {
		for _, c := range []labtest.Count{p.UDP, p.TCP} {
			if c.Sent != c.Answered+c.Wrong+c.Lost {
				t.Errorf("phase %s: %+v does not add up", p.Name, c)
			}
		}
	}
	healthy, closed, refused := phases[0], phases[1], phases[3]
	if healthy.UDP.Answered == 0 || healthy.TCP.Answered == 0 {
		t.Errorf("nothing answered by a healthy server: %+v", healthy)
	}
	if closed.UDP.Answered == 0 || closed.TCP.Lost == 0 || closed.TCP.Answered != 0 {
		t.Errorf("TCP closed: %+v, want UDP answered and TCP lost", closed)
	}
	if refused.UDP.Wrong == 0 || refused.TCP.Wrong == 0 || refused.UDP.Answered != 0 {
		t.Errorf("REFUSED: %+v, want wrong answers only", refused)
	}
}
