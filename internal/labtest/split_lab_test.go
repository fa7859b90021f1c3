//go:build lab

package labtest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

func TestSplitViews(t *testing.T) {
	lab := labtest.New(t)
	lan := lab.LAN("lan", lanNet)
	dns1 := lab.RealServer("dns1", lan.At("192.168.1.21"))
	dns2 := lab.RealServer("dns2", lan.At("192.168.1.22"))
	client := lab.Client("client", lan.At("192.168.1.50", "192.168.1.60"))
	key := labtest.Key{Name: "inside", Algorithm: "hmac-sha256", Secret: "bHZzZG5zLWxhYi1rZXktZm9yLWluc2lkZS12aWV3Lg=="}
	dns1.NameServerWith(labtest.Config{Software: labtest.BIND, Split: labtest.Split{Source: "192.168.1.60/32", Key: key}})
	dns2.NameServerWith(labtest.Config{Software: labtest.Recursor, Split: labtest.Split{Subnet: "203.0.113.0/24"}})

	for _, tt := range []struct{ name, args, want string }{
		{"BIND, another source", "@192.168.1.21 -b 192.168.1.50", `"outside"`},
		{"BIND, source", "@192.168.1.21 -b 192.168.1.60", `"inside"`},
		{"BIND, key", "@192.168.1.21 -b 192.168.1.50 -y hmac-sha256:inside:" + key.Secret, `"inside"`},
		{"Recursor, no subnet", "@192.168.1.22", `"outside"`},
		{"Recursor, another subnet", "@192.168.1.22 +subnet=198.51.100.0/24", `"outside"`},
		{"Recursor, subnet", "@192.168.1.22 +subnet=203.0.113.0/24", `"inside"`},
		{"Recursor, no subnet after subnet", "@192.168.1.22", `"outside"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append(strings.Fields(tt.args), "+short", "+tries=1", labtest.ViewName, "TXT")
			out, err := client.Run(t.Context(), "dig", args...)
			if err != nil || strings.TrimSpace(out) != tt.want {
				t.Errorf("dig %s: got %q, %v, want %s", tt.args, out, err, tt.want)
			}
		})
	}
}

// A name server on the wildcard address is the trap that checks to its own address never
// see: it answers them, and no client.
func TestWildcardListenerAnswersOnlyItsOwnAddress(t *testing.T) {
	director, dns1, client := dr(t)
	director.IPVSAdm(serve(vip, rip, "-g")...)
	dns1.NameServerWith(labtest.Config{Software: labtest.NSD, Listen: []string{"0.0.0.0"}})
	if a, err := director.Ask(labtest.Question{Server: rip}); err != nil || a.Rcode != "NOERROR" {
		t.Errorf("director asks the server's own address: %+v, %v", a, err)
	}
	if a, err := client.Ask(labtest.Question{Server: vip, Timeout: time.Second}); err == nil {
		t.Errorf("client asks the VIP over UDP: %+v, want no answer from there", a)
	}
	if a, err := client.Ask(labtest.Question{Server: vip, TCP: true}); err != nil || a.Rcode != "NOERROR" {
		t.Errorf("client asks the VIP over TCP: %+v, %v", a, err)
	}
}
