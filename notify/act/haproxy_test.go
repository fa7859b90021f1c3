package act

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

const twoServers = "\tserver s1 127.0.0.1:1\n\tserver s2 127.0.0.1:2\n"

// startHAProxy starts a real one whose frontends are Unix sockets beside its runtime socket, which it returns.
func startHAProxy(t *testing.T, servers string) string {
	t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("HAProxy is not installed (lab/setup.sh installs it)")
	}
	dir, err := os.MkdirTemp("", "ha") // t.TempDir is too long for a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "admin.sock")
	conf := fmt.Sprintf(`global
	stats socket %[1]s level admin
defaults
	mode http
	timeout connect 1s
	timeout client 1s
	timeout server 1s
frontend www
	bind unix@%[2]s/www
	default_backend web
frontend other
	bind unix@%[2]s/other
	default_backend web
backend web
%[3]s`, socket, dir, servers)
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-db", "-f", file)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for n := 0; ; n++ {
		if _, err := readProxies(t.Context(), socket); err == nil {
			return socket
		}
		if n > 500 {
			t.Fatalf("HAProxy does not answer: %s", out.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestHAProxy(t *testing.T) {
	socket := startHAProxy(t, twoServers)
	status := func() string {
		p, err := readProxies(t.Context(), socket)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint("www ", serves(p.frontends["www"]), ", other ", serves(p.frontends["other"]), ", s1 ", p.servers["web/s1"].set(), ", s2 ", p.servers["web/s2"].set())
	}
	for _, tt := range []struct {
		a      HAProxy
		want   string
		status string
	}{
		{HAProxy{Servers: []string{"web/s1"}, To: "drain"}, "1 of 1 changed to drain", "www true, other true, s1 drain, s2 ready"},
		{HAProxy{Servers: []string{"web/s1", "web/s2"}, To: "drain"}, "1 of 2 changed to drain", "www true, other true, s1 drain, s2 drain"},
		{HAProxy{Servers: []string{"web/s1", "web/s2"}, To: "drain"}, "0 of 2 changed to drain", "www true, other true, s1 drain, s2 drain"},
		{HAProxy{Servers: []string{"web/s1"}, To: "maint"}, "1 of 1 changed to maint", "www true, other true, s1 maint, s2 drain"},
		{HAProxy{Servers: []string{"web/s1", "web/s2"}, To: "ready"}, "2 of 2 changed to ready", "www true, other true, s1 ready, s2 ready"},
		{HAProxy{Servers: []string{"web/s1"}, Frontends: []string{"www"}, To: "disable"}, "2 of 2 changed to disable", "www false, other true, s1 maint, s2 ready"},
		{HAProxy{Servers: []string{"web/s1"}, Frontends: []string{"www"}, To: "ready"}, "2 of 2 changed to ready", "www true, other true, s1 ready, s2 ready"},
		{HAProxy{Servers: []string{"web/s9", "web/s2"}, To: "maint"}, "HAProxy at SOCKET has no server web/s9", "www true, other true, s1 ready, s2 maint"},
		{HAProxy{Frontends: []string{"none"}, To: "disable"}, "HAProxy at SOCKET has no frontend none", "www true, other true, s1 ready, s2 maint"},
	} {
		tt.a.Socket = socket
		text, err := tt.a.Do(t.Context(), Call{})
		if err != nil {
			text = strings.ReplaceAll(err.Error(), socket, "SOCKET")
		}
		if text != tt.want || status() != tt.status {
			t.Errorf("%v %v to %s: %s: %s\nwant %s: %s", tt.a.Servers, tt.a.Frontends, tt.a.To, text, status(), tt.want, tt.status)
		}
	}
	// One that begins to listen while it is waited for.
	late := socket + ".late"
	done := make(chan error, 1)
	go func() {
		_, err := (HAProxy{Socket: late, Servers: []string{"web/s2"}, To: "ready"}).Do(t.Context(), Call{})
		done <- err
	}()
	select {
	case err := <-done:
		t.Errorf("a HAProxy that does not listen yet was not waited for: %v", err)
	case <-time.After(250 * time.Millisecond):
		if err := os.Rename(socket, late); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	if _, err := (HAProxy{Socket: "/nonexistent/admin.sock", Servers: []string{"a/b"}, To: "ready"}).Do(ctx, Call{}); err == nil {
		t.Error("no HAProxy is no success")
	}
}

func TestAgreement(t *testing.T) {
	socket := startHAProxy(t, twoServers)
	look := func(owner bool) string {
		d := &notify.Document{Configured: configured()}
		var held []notify.Held
		if owner {
			for _, o := range configured().Instances {
				held = append(held, notify.Held{Addr: o.Addresses[0].Addr, Interface: "eth0"})
			}
		}
		d.Settle(held, time.Unix(1, 0))
		a := Agreement{Subject: vg, Socket: socket, Frontends: []string{"www"}, Servers: []string{"web/s1"}, Daemons: &fakeDaemons{all: []SyncDaemon{{Role: Sends}}}}.Look(t.Context(), d, time.Unix(2, 0))
		line := fmt.Sprint("owner ", a.Owner, " agrees ", a.Agrees, ":")
		for _, p := range a.Parts {
			line += fmt.Sprint(" ", p.Name, "=", p.Active)
		}
		return line
	}
	check := func(owner bool, want string) {
		t.Helper()
		if got := look(owner); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	check(true, "owner true agrees true: instance VI_HTTP=true instance VI_DNS=true haproxy=true ipvs-sync=true")
	check(false, "owner false agrees false: instance VI_HTTP=false instance VI_DNS=false haproxy=true ipvs-sync=true")
	if _, err := (HAProxy{Socket: socket, Servers: []string{"web/s1"}, To: "drain"}).Do(t.Context(), Call{}); err != nil {
		t.Fatal(err)
	}
	check(true, "owner true agrees false: instance VI_HTTP=true instance VI_DNS=true haproxy=false ipvs-sync=true")
}

// TestHAProxyEndless has a socket whose answer does not end: half a table of servers is none.
func TestHAProxyEndless(t *testing.T) {
	for _, tt := range []struct {
		size int
		want string
	}{{maxState, ""}, {maxState + 1, "longer"}, {-1, "longer"}} {
		socket := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 64))
			chunk := []byte(strings.Repeat("x", 1<<16))
			for left := tt.size; left != 0 && err == nil; {
				n := len(chunk)
				if left > 0 {
					n = min(n, left)
					left -= n
				}
				_, err = conn.Write(chunk[:n])
			}
		}()
		text, err := ask(t.Context(), socket, "show stat")
		if tt.want == "" && (err != nil || len(text) != tt.size) || tt.want != "" && (err == nil || text != "" || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%d: %d bytes, %v", tt.size, len(text), err)
		}
	}
}
