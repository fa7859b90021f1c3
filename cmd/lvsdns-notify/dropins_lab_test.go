//go:build lab

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestUnitDropIns has the packaged FIFO service do what its drop-ins are for, first without and then with them. Without, the start names
// each of them and the action fails; with them it says nothing and does what it is asked for.
func TestUnitDropIns(t *testing.T) {
	if !labtest.HasSystemd() {
		t.Skip("no systemd is installed here")
	}
	const unit = "lvsdns-notify-fifo.service"
	lab := labtest.New(t)
	lb := lab.Director("lb1", lab.LAN("lan", "192.168.1.0/24").At("192.168.1.11"))
	lab.Install("lvsdns-notify", "/usr/bin/lvsdns-notify")
	lab.Install("lvsdns-notify-act", "/usr/bin/lvsdns-notify-act")

	// A receiver, and a socket of another user at which nobody speaks.
	posted := make(chan string, 100)
	err := lb.Inside(func() error {
		l, err := net.Listen("tcp", "192.168.1.11:8080")
		if err != nil {
			return err
		}
		server := &http.Server{ReadTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			posted <- string(body)
		})}
		t.Cleanup(func() { _ = server.Close() })
		go func() { _ = server.Serve(l) }()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s := lb.Systemd()
	file := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(path) // another test's link
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	do := func(args ...string) {
		t.Helper()
		if out, err := s.Run(args[0], args[1:]...); err != nil {
			t.Fatalf("%v: %v %s\n%s", args, err, out, s.Log())
		}
	}
	socket := filepath.Join(lab.Dir(), "admin.socket")
	file(socket, "[Socket]\nListenStream=/run/admin.sock\nSocketUser=nobody\nSocketMode=0600\nService=admin.service\n")
	s.Unit(socket)
	service := filepath.Join(lab.Dir(), "admin.service")
	file(service, "[Service]\nExecStart=/bin/sleep infinity\n")
	s.Unit(service)
	do("systemctl", "start", "admin.socket")

	file("/etc/lvsdns/notify.yaml", `timeout: 5s
rules:
  - states: [master]
    actions:
      - command: {run: [/bin/sh, -c, 'test "$(id -u)" = 65534'], user: nobody}
      - webhook: {url: "http://192.168.1.11:8080/hook", attempts: 1}
      - haproxy: {socket: /run/admin.sock, servers: [be/s1], to: ready}
`)
	file("/etc/keepalived/keepalived.conf", fmt.Sprintf("global_defs {\n\tvrrp_notify_fifo /run/lvsdns/vrrp.fifo\n}\nvrrp_instance VI_DNS {\n\tinterface eth0\n"+
		"\tstate BACKUP\n\tvirtual_router_id 51\n\tpriority 100\n\tadvert_int 1\n\tvirtual_ipaddress {\n\t\t%s/32\n\t}\n}\n", vipDNS))
	s.Unit("../../packaging/" + unit)
	s.Unit("/lib/systemd/system/keepalived.service")

	// master starts both, and returns the log of the start and what became of the actions.
	master := func(dropIns ...string) (log string, results map[string]string) {
		t.Helper()
		said := filepath.Join(lab.Dir(), fmt.Sprintf("fifo%d.log", len(dropIns)))
		lines := "[Service]\nStandardError=append:" + said + "\n"
		for _, name := range dropIns {
			text, err := os.ReadFile("../../packaging/" + name)
			if err != nil {
				t.Fatal(err)
			}
			lines += string(text)
		}
		s.Override(unit, lines)
		do("systemctl", "start", unit)
		do("systemctl", "start", "keepalived.service")
		lab.WaitFor("all actions have run", 2*time.Minute, func() bool {
			var shown struct {
				Actions []struct{ Action, Result string }
			}
			out, err := s.Run("lvsdns-notify", "show", "--output=json")
			if err != nil || json.Unmarshal([]byte(out), &shown) != nil {
				return false
			}
			results = map[string]string{}
			for _, a := range shown.Actions {
				results[a.Action] = a.Result
			}
			return results["command"] != "" && results["webhook"] != "" && results["haproxy"] != ""
		})
		t.Logf("with %q: %q", dropIns, results)
		do("systemctl", "stop", "keepalived.service", unit)
		do("rm", "-f", "/var/lib/lvsdns/notify.journal")
		text, err := os.ReadFile(said)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), results
	}

	log, results := master()
	for _, want := range []string{"commands with a user need", "webhooks need the network", "the socket /run/admin.sock belongs to another user"} {
		if strings.Count(log, want) != 1 {
			t.Errorf("without drop-ins the log does not say %q once:\n%s", want, log)
		}
	}
	if !strings.Contains(results["command"], "not permitted") || !strings.Contains(results["haproxy"], "permission denied") {
		t.Errorf("without drop-ins:\n%v", results)
	}
	if len(posted) > 0 {
		t.Errorf("without its drop-in the webhook is let through: %s", <-posted)
	}

	log, results = master("lvsdns-notify-fifo-users.conf", "lvsdns-notify-fifo-network.conf")
	if strings.Contains(log, "level=WARN") {
		t.Errorf("with drop-ins the log says:\n%s", log)
	}
	select {
	case <-posted:
	default:
		t.Errorf("the webhook did not come:\n%v", results)
	}
	if !strings.Contains(results["command"], "ended well") || strings.Contains(results["haproxy"], "permission denied") {
		t.Errorf("with drop-ins:\n%v", results)
	}
}
