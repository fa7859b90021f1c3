package act

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// website is a server behind HAProxy that a test can break.
type website struct {
	path    string
	serving *http.Server
}

func (w *website) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("unix", w.path)
	if err != nil {
		t.Fatal(err)
	}
	w.serving = &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go func() { _ = w.serving.Serve(l) }()
	t.Cleanup(w.stop)
}

func (w *website) stop() { _ = w.serving.Close() }

// until waits for something that HAProxy notices by itself.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 1500 {
		if is() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("never: " + what)
}

// TestHAProxyDrainedAndDead: a drained server whose check fails is DOWN in the statistics. When its director becomes master meanwhile, it must
// take clients as soon as it answers.
func TestHAProxyDrainedAndDead(t *testing.T) {
	web := &website{path: filepath.Join(t.TempDir(), "w")}
	web.start(t)
	socket := startHAProxy(t, "\tserver s1 unix@"+web.path+" check inter 50ms fall 1 rise 1\n")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(filepath.Dir(socket), "www"))
	}}}
	status := func() int {
		answer, err := client.Get("http://www/")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	stat := func(field string) string {
		text, err := ask(t.Context(), socket, "show stat -1 4 -1")
		if err != nil {
			t.Fatal(err)
		}
		head, row, _ := strings.Cut(strings.TrimPrefix(text, "# "), "\n")
		return strings.Split(row, ",")[slices.Index(strings.Split(head, ","), field)]
	}
	agrees := func() bool {
		d := &notify.Document{Configured: configured()}
		d.Settle(nil, time.Unix(1, 0)) // nobody's address is here
		return Agreement{Subject: notify.Subject{Kind: notify.Instance, Name: "VI_HTTP"}, Socket: socket, Servers: []string{"web/s1"}}.Look(t.Context(), d, time.Unix(2, 0)).Agrees
	}
	do := func(to, want string) {
		t.Helper()
		if got, err := (HAProxy{Socket: socket, Servers: []string{"web/s1"}, To: to}).Do(t.Context(), Call{}); err != nil || got != want {
			t.Errorf("to %s: %q, %v; want %q", to, got, err, want)
		}
	}
	until(t, "200 at the start", func() bool { return status() == http.StatusOK })
	do("drain", "1 of 1 changed to drain")
	web.stop()
	until(t, "the drained server is DOWN", func() bool { return stat("status") == "DOWN" })
	if !agrees() {
		t.Error("drained and dead on a backup director: the parts agree, but the agreement says no")
	}
	do("drain", "0 of 1 changed to drain")
	do("ready", "1 of 1 changed to ready")
	do("ready", "0 of 1 changed to ready")
	if agrees() {
		t.Error("ready on a backup director: the agreement says yes")
	}
	web.start(t)
	until(t, "the server is up again", func() bool { return stat("status") == "UP" })
	for n := range 20 {
		if got := status(); got != http.StatusOK {
			t.Fatalf("request %d after the server was up again: %d", n, got)
		}
	}
}

// TestHAProxyHeld: what is set for a server and what keeps it from clients besides.
func TestHAProxyHeld(t *testing.T) {
	socket := startHAProxy(t, `	server s1 127.0.0.1:1 check disabled
	server s2 127.0.0.1:2 track s1
	server s3 127.0.0.1:3 weight 0
backend api
	server s1 127.0.0.1:4
`)
	for _, tt := range []struct {
		servers, to, want, part string
	}{
		{"web/s1 web/s2", "maint", "1 of 2 changed to maint", "not active"},
		{"web/s2", "ready", "1 of 1 changed to ready; web/s2 takes no clients: it tracks a server that is not ready: list that one too", "not active"},
		{"web/s2 api/s1", "ready", "0 of 2 changed to ready; web/s2 takes no clients: it tracks a server that is not ready: list that one too", "active: api/s1; not active: web/s2 (it tracks a server that is not ready: list that one too)"},
		{"web/s2 web/s1", "ready", "1 of 2 changed to ready", "active"},
		{"web/s1", "drain", "1 of 1 changed to drain", "not active"},
		{"web/s1 web/s2", "ready", "1 of 2 changed to ready", "active"},
		{"web/s3", "ready", "0 of 1 changed to ready; web/s3 takes no clients: its weight is 0", "not active"},
		{"web/s3", "drain", "1 of 1 changed to drain", "not active"},
		{"api/s1", "drain", "1 of 1 changed to drain", "not active"},
		{"web/s1", "drain", "1 of 1 changed to drain", "not active"}, // of another backend
	} {
		servers := strings.Fields(tt.servers)
		got, err := HAProxy{Socket: socket, Servers: servers, To: tt.to}.Do(t.Context(), Call{})
		if err != nil || got != tt.want {
			t.Errorf("%s to %s: %q, %v\nwant %q", tt.servers, tt.to, got, err, tt.want)
		}
		part := "none"
		Agreement{Socket: socket, Servers: servers}.haproxy(t.Context(), false, func(_ string, active bool, detail string) {
			if part = detail; detail == "" {
				part = map[bool]string{true: "active", false: "not active"}[active]
			}
		})
		if part != tt.part {
			t.Errorf("%s to %s: the part is %q, want %q", tt.servers, tt.to, part, tt.part)
		}
	}
}

func TestParseServers(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight\n3 web 1 s1 127.0.0.1 0 8 1\n3 web 2 s2 - 0 33 0\n\n", "map[web/s1:{8 1} web/s2:{33 0}] <nil>"},
		{"1\n# srv_name srv_uweight new be_name srv_admin_state\ns1 7 x web 64\n", "map[web/s1:{64 7}] <nil>"},
		{"1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight\n", "map[] <nil>"}, // no backend has a server
		{"Permission denied", `map[] "Permission denied" is no state of servers`},
		{"1\n# be_name srv_name srv_admin_state srv_uweight\nweb s1\n", `map[] state of servers: "web s1\n" has no srv_admin_state`},
		{"1\n# be_name srv_name srv_admin_state\nweb s1 0\n", `map[] state of servers: "web s1 0\n" has no srv_uweight`},
	} {
		all, err := parseServers(tt.text)
		if got := fmt.Sprint(all, err); got != tt.want && got != strings.Replace(tt.want, "map[] ", "map[]", 1) {
			t.Errorf("%q\n%s\n%s", tt.text, got, tt.want)
		}
	}
}
