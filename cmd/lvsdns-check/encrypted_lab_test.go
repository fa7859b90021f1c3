//go:build lab

package main_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestEncryptedServers asks Unbound and dnsdist over TLS and HTTPS, by address,
// by name and by a scoped address, and HAProxy, which wants a certificate or
// points elsewhere.
func TestEncryptedServers(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lab.Install("lvsdns-check-tls", "/usr/bin/lvsdns-check-tls")
	lan := lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64")
	director := lab.Director("director", lan.At("192.168.1.11", "fd00:1::11"))
	dns := lab.RealServer("dns1", lan.At("192.168.1.21", "fd00:1::21"))
	for _, line := range []string{"addr add fe80::21/64 dev eth0 nodad", "addr add fe80::22/64 dev eth0 nodad"} {
		if _, err := dns.Run(t.Context(), "ip", strings.Fields(line)...); err != nil {
			t.Fatal(err)
		}
	}
	dns.NameServer(labtest.NSD)
	ca := dnstest.NewAuthority(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cert, key := pemFiles(t, dir, ca.Certificate(time.Now().Add(time.Hour), "192.168.1.21", "fd00:1::21", "fe80::21", "fe80::22", "dns.example"))
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	unbound := write("unbound.conf", strings.Join([]string{
		"server:", `  username: ""`, `  chroot: ""`, `  pidfile: ""`, "  directory: " + dir, "  use-syslog: no", "  module-config: iterator",
		"  outgoing-port-avoid: 0-65535", "  outgoing-port-permit: 50000-50099",
		"  do-not-query-localhost: no", "  access-control: 0.0.0.0/0 allow", "  access-control: ::/0 allow",
		"  interface: 0.0.0.0@853", "  interface: ::0@853", "  interface: 0.0.0.0@443", "  interface: ::0@443",
		"  tls-service-key: " + key, "  tls-service-pem: " + cert,
		"stub-zone:", "  name: " + labtest.Zone, "  stub-addr: 192.168.1.21", "remote-control:", "  control-enable: no", "",
	}, "\n"))
	both := write("both.pem", read(t, cert)+read(t, key))
	haproxy := write("haproxy.cfg", fmt.Sprintf(`defaults
	mode http
	timeout connect 5s
	timeout client 20s
	timeout server 20s
frontend mutual
	bind 192.168.1.21:8853 ssl crt %[1]s ca-file %[2]s verify required alpn dot
	mode tcp
	default_backend tcp
frontend mutual12
	bind 192.168.1.21:8854 ssl crt %[1]s ca-file %[2]s verify required ssl-max-ver TLSv1.2
	mode tcp
	default_backend tcp
frontend mutualweb
	bind 192.168.1.21:8855 ssl crt %[1]s ca-file %[2]s verify required alpn h2,http/1.1
	http-request return status 200
frontend moved
	bind 192.168.1.21:8443 ssl crt %[1]s alpn h2,http/1.1
	http-request redirect location /dns-query code 301 if { path /moved }
	http-request deny if { path /denied }
	http-request return status 201 content-type "text/html" string "<html>" if { path /page }
	default_backend none
backend tcp
	mode tcp
	server dns1 192.168.1.21:53
backend none
	server none 192.168.1.21:1
`, both, ca.File))
	dnsdist := write("dnsdist.conf", fmt.Sprintf(`addDOHLocal("192.168.1.21:9443", %[1]q, %[2]q, {"/dns-query"})
addTLSLocal("192.168.1.21:9853", %[1]q, %[2]q)
setLocal("192.168.1.21:9053")
newServer({address="192.168.1.21:53", healthCheckMode="up"})
`, cert, key))
	dns.Start("unbound", "-d", "-c", unbound)
	dns.Start("haproxy", "-db", "-f", haproxy)
	dns.Start("dnsdist", "--supervised", "--disable-syslog", "-C", dnsdist)
	ask := func(transport, server string, more ...string) result {
		args := []string{"--transport", transport, "--tls-ca", ca.File, "--timeout", "10s", "--attempts", "1", "--name", labtest.Zone, "--min-answers", "1"}
		return check(t, director, append(append(args, more...), server)...)
	}
	lab.WaitFor("all three answer", 60*time.Second, func() bool {
		return ask("tls", "192.168.1.21").Outcome == "pass" && ask("tls", "192.168.1.21:9853").Outcome == "pass" && ask("https", "192.168.1.21:8443").Outcome == "http"
	})
	var index string
	if err := director.Inside(func() error {
		eth0, err := net.InterfaceByName("eth0")
		if err == nil {
			index = strconv.Itoa(eth0.Index)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	const client = "the server wants a client certificate, and lvsdns-check has none"
	for _, c := range []struct {
		name, transport, server, outcome, reason string
		more                                     []string
	}{
		{"Unbound, tls", "tls", "192.168.1.21", "pass", "", nil},
		{"Unbound, https", "https", "192.168.1.21", "pass", "", nil},
		{"Unbound, https by IPv6", "https", "fd00:1::21", "pass", "", nil},
		{"Unbound, https by name", "https", "192.168.1.21", "pass", "", []string{"--tls-name", "dns.example"}},
		{"Unbound, tls by a zone's name", "tls", "fe80::21%eth0", "pass", "", nil},
		{"Unbound, tls by its index", "tls", "fe80::21%" + index, "pass", "", nil},
		{"Unbound, https by a zone's name", "https", "fe80::21%eth0", "pass", "", nil},
		{"Unbound, https by its index", "https", "fe80::22%" + index, "pass", "", nil},
		{"Unbound, a zone that is not here", "tls", "fe80::21%nosuch", "usage", "this host has no interface nosuch", nil},
		{"Unbound, another path", "https", "192.168.1.21", "http", "HTTP status 404 Not Found: nothing at /q; give the path", []string{"--https-path", "/q"}},
		{"Unbound, another name", "tls", "192.168.1.21", "tls", "it is for 192.168.1.21, fd00:1::21, fe80::21, 2 more, not for other.example", []string{"--tls-name", "other.example"}},
		{"dnsdist, tls", "tls", "192.168.1.21:9853", "pass", "", nil},
		{"dnsdist, https", "https", "192.168.1.21:9443", "pass", "", nil},
		{"dnsdist, another path", "https", "192.168.1.21:9443", "http", "HTTP status 404 Not Found: nothing at /q; give the path", []string{"--https-path", "/q"}},
		{"HAProxy, client certificate", "tls", "192.168.1.21:8853", "tls", client, nil},
		{"HAProxy, client certificate, TLS 1.2", "tls", "192.168.1.21:8854", "tls", client, nil},
		{"HAProxy, client certificate, https", "https", "192.168.1.21:8855", "tls", client, nil},
		{"HAProxy, moved", "https", "192.168.1.21:8443", "http", `HTTP status 301 Moved Permanently to "/dns-query"; ask there with --https-path`, []string{"--https-path", "/moved"}},
		{"HAProxy, denied", "https", "192.168.1.21:8443", "http", "HTTP status 403 Forbidden; let this host in", []string{"--https-path", "/denied"}},
		{"HAProxy, a page", "https", "192.168.1.21:8443", "http", `content type "text/html" instead of`, []string{"--https-path", "/page"}},
		{"HAProxy, nobody behind it", "https", "192.168.1.21:8443", "http", "HTTP status 503 Service Unavailable; the web server runs", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ask(c.transport, c.server, c.more...); got.Outcome != c.outcome || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("outcome %s (%s), want %s (… %s …)", got.Outcome, got.Reason, c.outcome, c.reason)
			} else {
				t.Log(got.Reason)
			}
		})
	}
}

// pemFiles writes a server's certificate and key.
func pemFiles(t *testing.T, dir string, config *tls.Config) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(config.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: config.Certificates[0].Certificate[0]},
		key:  {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
