package probe_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/probe"
)

// A check leaves this host as it is configured to; where it cannot, nothing is learnt about the real server.
func TestConnect(t *testing.T) {
	from := make(chan string, 8)
	port := tcpServer(t, func(c net.Conn) { from <- c.RemoteAddr().String() })
	// Two ports: one that was just used waits in TIME_WAIT, and cannot be bound again.
	free, other := closed(t), closed(t)
	for _, c := range []struct{ options, want, reason, from string }{
		{"", "pass", "", "127.0.0.1:"},
		{"bindto 127.0.0.9", "pass", "", "127.0.0.9:"},
		{fmt.Sprintf("bindto 127.0.0.9\n bind_port %d", free), "pass", "", fmt.Sprintf("127.0.0.9:%d", free)},
		{fmt.Sprintf("bind_port %d", other), "pass", "", fmt.Sprintf("127.0.0.1:%d", other)},
		{"bind_if lo", "pass", "", "127.0.0.1:"},
		{"bind_if nosuch0", "unknown", "no such device", ""},
		{"bindto 192.0.2.77", "unknown", "assign", ""},
		{"bindto ::1", "pass", "", "127.0.0.1:"}, // keepalived leaves an address of another family out
	} {
		t.Run(c.options, func(t *testing.T) {
			r := run(t, "", fmt.Sprintf("TCP_CHECK {\n connect_port %d\n %s\n}", port, c.options), probe.Options{})
			expect(t, r, c.want, c.reason)
			if c.from != "" && r.Pass {
				if got := <-from; !strings.HasPrefix(got, c.from) {
					t.Errorf("it came from %s, want %s", got, c.from)
				}
			}
		})
	}
}

// A check that is told to end does so at once, and has learnt nothing of a server that might have answered yet.
func TestCancelled(t *testing.T) {
	silent := udpServer(t, func([]byte) []byte { return nil })
	for name, checker := range map[string]string{
		"lvsdns-check": fmt.Sprintf("MISC_CHECK {\n misc_path \"/usr/bin/lvsdns-check --timeout 600s 127.0.0.1:%d\"\n misc_timeout 600\n}", silent),
		"script":       "MISC_CHECK {\n misc_path \"/bin/sleep 600\"\n misc_timeout 600\n}",
	} {
		t.Run(name, func(t *testing.T) {
			p := configured(t, "", checker, options())
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			expect(t, p(ctx), "unknown", "stopped")
		})
	}
}

// A mail server is fit when it greets and knows the name that it is told; it gets a line's length to say so.
func TestMail(t *testing.T) {
	heard := make(chan string, 8)
	mail := func(greeting, answer string) string {
		return fmt.Sprintf("SMTP_CHECK {\n connect_port %d\n helo_name director.example\n}", tcpServer(t, func(c net.Conn) {
			fmt.Fprint(c, greeting)
			s := bufio.NewScanner(c)
			if s.Scan() {
				heard <- s.Text()
				fmt.Fprint(c, answer)
			}
			if s.Scan() && s.Text() == "QUIT" {
				fmt.Fprint(c, "221 bye\r\n")
			}
		}))
	}
	expect(t, run(t, "", mail("220 hello\r\n", "250 hello\r\n"), probe.Options{}), "pass", "greeted")
	if got := <-heard; got != "HELO director.example" {
		t.Errorf("it said %q", got)
	}
	for _, c := range []struct{ greeting, answer, reason string }{
		{"", "", "read"},
		{"554 no\r\n", "", `the server says "554 no", want 220`},
		{"220 hello\r\n", "501 who\r\n", `the server says "501 who", want 250`},
		{"220 hello\r\n", "", "read"},
		{"220 " + strings.Repeat("x", 2048) + "\r\n", "", "a line of more than 2048 bytes"},
	} {
		expect(t, run(t, "", mail(c.greeting, c.answer), probe.Options{}), "fail", c.reason)
	}
}
