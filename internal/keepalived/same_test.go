package keepalived_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestSame: every setting of a checker makes another one of it, and no line number does.
func TestSame(t *testing.T) {
	const text = `virtual_server 192.0.2.1 80 {
	protocol TCP
	lb_kind NAT
	real_server 198.51.100.1 80 {
		HTTP_GET {
			connect_ip 198.51.100.2
			connect_port 81
			bindto 198.51.100.3
			connect_timeout 2
			delay_loop 3
			retry 4
			virtualhost example.com
			url {
				path /a
				status_code 200
				regex "x"
			}
			url {
				path /b
			}
		}
	}
}
`
	checker := func(text string) keepalived.Checker {
		t.Helper()
		c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text)}}, ConfigID: "x"})
		if err != nil {
			t.Fatal(err)
		}
		return c.VirtualServers[0].RealServers[0].Checkers[0]
	}
	as := checker(text)
	for _, change := range []string{"", "! a comment\n", "\n\n\n"} {
		if !keepalived.Same(as, checker(change+text)) {
			t.Errorf("behind %q it is another", change)
		}
	}
	for _, change := range [][2]string{
		{"HTTP_GET", "SSL_GET"}, {"100.2", "100.4"}, {"81", "82"}, {"100.3", "100.5"}, {"timeout 2", "timeout 1"},
		{"delay_loop 3", "delay_loop 2"},
		{"retry 4", "retry 1"}, {"example.com", "example.org"}, {"/a", "/c"}, {"200", "201"}, {`"x"`, `"y"`}, {"/b", "/d"},
		{"url {\n\t\t\t\tpath /b\n\t\t\t}\n", ""},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if changed == text {
			t.Fatalf("%q is not there", change[0])
		}
		if keepalived.Same(as, checker(changed)) {
			t.Errorf("with %q for %q it is the same", change[1], change[0])
		}
	}
}

// TestSameServers has virtual servers: what is there and what is not, and the order of what there is several of.
func TestSameServers(t *testing.T) {
	const (
		a = "real_server 10.0.0.1 53 {\n}\n"
		b = "real_server 10.0.0.2 53 {\n}\n"
	)
	for _, tt := range []struct {
		name, one, other string
		same             bool
	}{
		{"on other lines", a + b, "\n" + a + "\n" + b, true},
		{"in another order", a + b, b + a, false},
		{"one more", a, a + b, false},
		{"with a sorry server", a, "sorry_server 10.9.9.9 53\n" + a, false},
		{"with another sorry server", "sorry_server 10.9.9.9 53\n" + a, "sorry_server 10.9.9.8 53\n" + a, false},
		{"with the same sorry server", "sorry_server 10.9.9.9 53\n" + a, "sorry_server 10.9.9.9\n" + a, true}, // the port of the service
		{"with its default as a setting", a, "quorum 1\nweight 1\n" + a, true},
		{"with a script", a, "quorum_up /x\n" + a, false},
		{"with an argument more", "quorum_up \"/x\"\n" + a, "quorum_up \"/x y\"\n" + a, false},
		{"with a check", a, "real_server 10.0.0.1 53 {\nTCP_CHECK {\n}\n}\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read := func(text string) keepalived.VirtualServer {
				return load(t, "virtual_server 192.0.2.1 53 {\nprotocol UDP\nlb_algo rr\nlb_kind DR\n"+text+"}\n").VirtualServers[0]
			}
			one, other := read(tt.one), read(tt.other)
			if keepalived.Same(one, other) != tt.same || keepalived.Same(other, one) != tt.same {
				t.Errorf("the same: %t, want %t", !tt.same, tt.same)
			}
		})
	}
}
