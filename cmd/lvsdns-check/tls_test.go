package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnstest"
)

func TestTLS(t *testing.T) {
	ca := dnstest.NewAuthority(t)
	until := time.Now().Add(time.Hour)
	here := dnstest.StartTLS(t, "127.0.0.1:0", ca.Certificate(until, "127.0.0.1"), servers["GOOD"]).Addr().String()
	named := dnstest.StartTLS(t, "127.0.0.1:0", ca.Certificate(until, "dns.example"), servers["SERVFAIL"]).Addr().String()
	for _, c := range []struct{ name, args, end, output string }{
		{"pass", "--tls-ca CA " + here, "exit 0", `^PASS 127\.0\.0\.1:\d+ \. SOA tls: NOERROR, 1 answer, 51 bytes in \S+\n$`},
		{"weight", "--tls-ca CA --exit-mode misc-dynamic --weight-by latency:50s=10,60s=1 " + here, "exit 12", ` weight 10\n$`},
		{"verdict", "--tls-ca CA --tls-name dns.example " + named, "exit 1", `^FAIL 127\.0\.0\.1:\d+ \. SOA tls: rcode: SERVFAIL, expected NOERROR\n$`},
		{"verdict for Nagios", "--exit-mode nagios --tls-ca CA --tls-name dns.example " + named, "exit 2", `^FAIL `},
		{"certificate", "--tls-ca CA " + named, "exit 1", `^FAIL 127\.0\.0\.1:\d+ \. SOA tls: tls: certificate: .*; give the name in it with --tls-name\n$`},
		{"authority", here, "exit 1", `tls: certificate: .*unknown authority.*; give its authority with --tls-ca\n$`},
		{"insecure", "--tls-insecure " + here, "exit 0", `^PASS `},
		{"file", "--tls-ca /nonexistent " + here, "exit 1", `^lvsdns-check: --tls-ca: open /nonexistent: no such file or directory\n$`},
		{"file, for Nagios", "--exit-mode nagios --tls-ca /nonexistent " + here, "exit 3", `^lvsdns-check: --tls-ca: `},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := strings.Fields("--timeout 30s --attempts 1 --transport tls " + strings.ReplaceAll(c.args, "CA ", ca.File+" "))
			end, output := run(t, args...)
			if end != c.end || !regexp.MustCompile(c.output).MatchString(output) {
				t.Errorf("%s, want %s\n%s", end, c.end, output)
			}
		})
	}
}

// Authorities that this host cannot read are no fault of the server.
func TestTLSAuthoritiesUnreadable(t *testing.T) {
	server := dnstest.StartTLS(t, "127.0.0.1:0", dnstest.NewAuthority(t).Certificate(time.Now().Add(time.Hour), "127.0.0.1"), servers["GOOD"]).Addr().String()
	t.Setenv("SSL_CERT_FILE", t.TempDir()) // a directory, which root cannot read as a file either
	t.Setenv("SSL_CERT_DIR", t.TempDir())
	end, output := run(t, "--timeout", "30s", "--transport", "tls", "--exit-mode", "nagios", server)
	if want := regexp.MustCompile(`tls: local: this host's certificate authorities: .*: is a directory; give the server's with --tls-ca`); end != "exit 3" || !want.MatchString(output) {
		t.Errorf("%s: %s", end, output)
	}
}

// The program for TLS stands beside the other one; where it does not, the check
// fails with one line that names the file.
func TestTLSProgramMissing(t *testing.T) {
	dir := t.TempDir()
	alone := filepath.Join(dir, "lvsdns-check")
	text, err := os.ReadFile(program())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(alone, text, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(programVariable, alone)
	for _, transport := range []string{"tls", "https"} {
		for mode, want := range map[string]string{"misc": "exit 1", "misc-dynamic": "exit 1", "haproxy": "exit 1", "nagios": "exit 3"} {
			end, output := run(t, "--transport", transport, "--exit-mode", mode, "192.0.2.1")
			line := "lvsdns-check: transports tls and https need " + alone + "-tls: no such file or directory\n"
			if end != want || output != line {
				t.Errorf("%s %s: %s, want %s; output %q, want %q", transport, mode, end, want, output, line)
			}
		}
	}
	server := dnstest.Start(t, "127.0.0.1:0", servers["GOOD"]).Addr().String()
	if end, output := run(t, "--timeout", "30s", server); end != "exit 0" {
		t.Errorf("over UDP: %s: %s", end, output)
	}
}
