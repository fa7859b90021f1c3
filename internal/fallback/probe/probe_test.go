package probe_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/fallback/probe"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// run asks once with the checker that this text configures.
func run(t *testing.T, global, checker string, o probe.Options) health.Result {
	t.Helper()
	return configured(t, global, checker, o)(t.Context())
}

// configured is the probe of the checker that this text configures.
func configured(t testing.TB, global, checker string, o probe.Options) probe.Probe {
	t.Helper()
	text := global + "\nvirtual_server 192.0.2.1 53 {\n protocol TCP\n lb_kind NAT\n delay_loop 9\n connect_timeout 0.5\nreal_server 127.0.0.1 53 {\n" + checker + "\n}\n}\n"
	c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text)}}, ConfigID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	m := health.New(c, keepalived.State{}, health.Options{})
	if len(m.Checks()) != 1 {
		t.Fatalf("%d checks: %v", len(m.Checks()), c.Notes)
	}
	p, err := probe.New(m.Checks()[0], o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// udpServer answers datagrams; a nil answer is none.
func udpServer(t *testing.T, answer func([]byte) []byte) int {
	t.Helper()
	return udpTalker(t, func(q []byte, send func([]byte)) {
		if a := answer(q); a != nil {
			send(a)
		}
	})
}

// udpTalker answers a datagram as often as it likes.
func udpTalker(t *testing.T, answer func(q []byte, send func([]byte))) int {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		b := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			answer(bytes.Clone(b[:n]), func(a []byte) { _, _ = conn.WriteTo(a, from) })
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

func tcpServer(t *testing.T, serve func(net.Conn)) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// closed is a port on which nobody listens.
func closed(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func reply(rcode byte) func([]byte) []byte {
	return func(q []byte) []byte {
		a := append([]byte{}, q...)
		a[2] |= 0x80
		a[3] = rcode
		return a
	}
}

func TestProbes(t *testing.T) {
	var mu sync.Mutex
	var asked []string // questions, without their random identifiers
	good := udpServer(t, func(q []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, string(q[2:]))
		return reply(0)(q)
	})
	servfail := udpServer(t, reply(2))
	silent := udpServer(t, func([]byte) []byte { return nil })
	stranger := udpServer(t, func(q []byte) []byte { a := reply(0)(q); a[0]++; return a })
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprintf(w, "hello %s", r.Host)
	}))
	defer page.Close()
	secure := httptest.NewTLSServer(page.Config.Handler)
	defer secure.Close()
	mail := func(greeting string) int {
		return tcpServer(t, func(c net.Conn) {
			fmt.Fprint(c, greeting)
			for s := bufio.NewScanner(c); s.Scan(); {
				if s.Text() == "QUIT" {
					fmt.Fprint(c, "221 bye\r\n")
					return
				}
				fmt.Fprintf(c, "250 %s\r\n", s.Text())
			}
		})
	}
	port := func(s *httptest.Server) int { return int(netip.MustParseAddrPort(s.Listener.Addr().String()).Port()) }
	number := filepath.Join(t.TempDir(), "number")
	if err := os.WriteFile(number, []byte("0x10 and more\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		global  string
		checker string
		want    string // pass, fail or unknown
		reason  string // a part
	}{
		{"tcp", "", fmt.Sprintf("TCP_CHECK {\n connect_port %d\n}", port(page)), "pass", ""},
		{"tcp refused", "", fmt.Sprintf("TCP_CHECK {\n connect_port %d\n}", closed(t)), "fail", "refused"},
		{"tcp from an address that is not here", "", fmt.Sprintf("TCP_CHECK {\n connect_port %d\n bindto 192.0.2.77\n}", port(page)), "unknown", "assign"},
		{"dns", "", fmt.Sprintf("DNS_CHECK {\n connect_port %d\n name www.example.com\n type AAAA\n}", good), "pass", ""},
		{"dns servfail", "", fmt.Sprintf("DNS_CHECK {\n connect_port %d\n}", servfail), "fail", "rcode 2"},
		{"dns silent", "", fmt.Sprintf("DNS_CHECK {\n connect_port %d\n}", silent), "fail", "timeout"},
		{"dns with another's answer", "", fmt.Sprintf("DNS_CHECK {\n connect_port %d\n}", stranger), "fail", "timeout"},
		{"dns closed", "", fmt.Sprintf("DNS_CHECK {\n connect_port %d\n}", closed(t)), "fail", "refused"},
		{"udp silent", "", fmt.Sprintf("UDP_CHECK {\n connect_port %d\n}", silent), "pass", ""},
		{"udp closed", "", fmt.Sprintf("UDP_CHECK {\n connect_port %d\n}", closed(t)), "fail", "refused"},
		{"udp silent and reply required", "", fmt.Sprintf("UDP_CHECK {\n connect_port %d\n require_reply\n}", silent), "fail", "timeout"},
		{"udp reply", "", fmt.Sprintf("UDP_CHECK {\n connect_port %d\n payload 000000ff\n require_reply 00008xxx\n}", good), "pass", ""},
		{"udp another reply", "", fmt.Sprintf("UDP_CHECK {\n connect_port %d\n payload 000000ff\n require_reply 00009xxx\n}", good), "fail", "the reply is 00008000"},
		{"http", "", fmt.Sprintf("HTTP_GET {\n connect_port %d\n virtualhost example.com\n url {\n path /\n digest %s\n}\n}", port(page), "ba41798a74fe47aa0bdb43e73f1a8c96"), "fail", "digest"},
		{"http status", "", fmt.Sprintf("HTTP_GET {\n connect_port %d\n url {\n path /missing\n}\n}", port(page)), "fail", "/missing: status 404"},
		{"http status wanted", "", fmt.Sprintf("HTTP_GET {\n connect_port %d\n url {\n path /missing\n status_code 400-404\n}\n}", port(page)), "pass", ""},
		{"http regex", "", fmt.Sprintf("HTTP_GET {\n connect_port %d\n virtualhost example.com\n url {\n path /\n regex \"^hello exam\"\n}\n}", port(page)), "pass", ""},
		{"ssl", "", fmt.Sprintf("SSL_GET {\n connect_port %d\n url {\n path /\n}\n}", port(secure)), "pass", ""},
		{"ssl without", "", fmt.Sprintf("SSL_GET {\n connect_port %d\n url {\n path /\n}\n}", port(page)), "fail", "TLS"},
		{"smtp", "", fmt.Sprintf("SMTP_CHECK {\n connect_port %d\n}", mail("220 hello\r\n")), "pass", ""},
		{"smtp busy", "", fmt.Sprintf("SMTP_CHECK {\n connect_port %d\n}", mail("421 busy\r\n")), "fail", "421 busy"},
		{"file", "track_file f {\n file " + number + "\n weight 1\n}", "FILE_CHECK {\n track_file f\n}", "pass", "has 16"},
		{"no file", "track_file f {\n file /nowhere/number\n weight 1\n}", "FILE_CHECK {\n track_file f\n}", "pass", "is not there"},
	} {
		t.Run(test.name, func(t *testing.T) {
			expect(t, run(t, test.global, test.checker, probe.Options{}), test.want, test.reason)
		})
	}
	mu.Lock()
	defer mu.Unlock()
	// One question that wants recursion: www.example.com IN AAAA.
	if want := "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + "\x03www\x07example\x03com\x00\x00\x1c\x00\x01"; !slices.Contains(asked, want) {
		t.Errorf("nobody asked %q; the questions are %q", want, asked)
	}
}

func expect(t *testing.T, r health.Result, want, reason string) {
	t.Helper()
	got := map[bool]string{true: "pass", false: "fail"}[r.Pass]
	if r.Unknown {
		got = "unknown"
	}
	if got != want || !strings.Contains(r.Reason, reason) {
		t.Errorf("%s: %s; want %s: …%s…", got, r.Reason, want, reason)
	}
}

func TestPing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a raw socket takes root")
	}
	expect(t, run(t, "", "PING_CHECK {\n}", probe.Options{}), "pass", "echo")
	expect(t, run(t, "", "PING_CHECK {\n connect_ip ::1\n}", probe.Options{}), "pass", "echo")
}

func TestScripts(t *testing.T) {
	dir := t.TempDir()
	script := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	options := probe.Options{Scripts: host.ScriptReader{DefaultUser: "root"}, Getenv: func(string) string { return "" }}
	if os.Geteuid() != 0 {
		t.Skip("scripts run as their user, which takes root")
	}
	misc := func(path, more string) string { return "MISC_CHECK {\n misc_path \"" + path + "\"\n" + more + "\n}" }
	for _, test := range []struct {
		name, checker string
		want          string
		status        int
		reason        string
	}{
		{"success", misc(script("a", "exit 0"), ""), "pass", 0, ""},
		{"failure", misc(script("b", "exit 1"), ""), "fail", 1, "exit status 1"},
		{"a weight without misc_dynamic", misc(script("c", "exit 12"), ""), "fail", 12, ""},
		{"a weight", misc(script("d", "exit 12"), "misc_dynamic"), "pass", 12, ""},
		{"failure with misc_dynamic", misc(script("e", "exit 1"), "misc_dynamic"), "fail", 1, ""},
		{"killed", misc(script("f", "kill -SEGV $$"), ""), "fail", 0, "signal"},
		// keepalived takes the next three for a success.
		{"success after SIGTERM", misc(script("g", "trap 'exit 0' TERM; sleep 9 & wait"), "misc_timeout 1"), "fail", 0, "timed out after 1s"},
		{"missing", misc(filepath.Join(dir, "none"), ""), "unknown", 0, "cannot run"},
		{"corrupt", misc(corrupt(t, dir), ""), "unknown", 0, "start the script"},
		{"lvsdns-check in this process", misc(filepath.Join(dir, "lvsdns-check")+" --timeout 300ms --attempts 1 127.0.0.1:1", ""), "fail", 1, "127.0.0.1:1"},
		{"lvsdns-check with a bad flag", misc(filepath.Join(dir, "lvsdns-check")+" --exit-mode misc-dynamic --nonsense", "misc_dynamic"), "unknown", 0, "nonsense"},
		{"lvsdns-check from an address that is not here", misc(filepath.Join(dir, "lvsdns-check")+" --output none --source 192.0.2.77 192.0.2.1", ""), "unknown", 0, "that address is not on this host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := run(t, "", test.checker, options)
			expect(t, r, test.want, test.reason)
			if r.Status != test.status {
				t.Errorf("status %d, want %d", r.Status, test.status)
			}
		})
	}
	secure := options
	secure.Scripts.Secure = true
	if err := os.Chmod(script("h", "exit 0"), 0o777); err != nil {
		t.Fatal(err)
	}
	expect(t, run(t, "", misc(filepath.Join(dir, "h"), ""), secure), "unknown", "cannot run")

}

func corrupt(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "corrupt")
	if err := os.WriteFile(path, []byte("\x7fELF rubbish"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
