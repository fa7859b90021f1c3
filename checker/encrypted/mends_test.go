package encrypted_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/encrypted"
	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

// A media type has no case and may have parameters (RFC 9110 section 8.3.1),
// and every status of success may carry an answer (RFC 8484 section 4.2.1).
func TestHTTPSSuccess(t *testing.T) {
	t.Parallel()
	ca := dnstest.NewAuthority(t)
	config := ca.Certificate(tomorrow, "127.0.0.1")
	for _, c := range []struct {
		name    string
		status  int
		typed   string
		outcome checker.Outcome
		reason  string
	}{
		{"parameter", 200, message + "; charset=utf-8", checker.Pass, right},
		{"parameter without a blank", 200, message + ";charset=utf-8", checker.Pass, right},
		{"parameter that is none", 200, message + " ; ;", checker.Pass, right},
		{"upper case", 200, "Application/DNS-Message", checker.Pass, right},
		{"a type that begins so", 200, message + "s", checker.BadHTTP, `content type "application/dns-messages" instead of …`},
		{"201", 201, message, checker.Pass, right},
		{"203, from a proxy", 203, message, checker.Pass, right},
		{"299", 299, message, checker.Pass, right},
		{"205 has no content", 205, message, checker.BadHTTP, "HTTP status 205 Reset Content, without a DNS message"},
		{"204 without a type", 204, "", checker.BadHTTP, "HTTP status 204 No Content, without a DNS message"},
		{"300", 300, message, checker.BadHTTP, "HTTP status 300 Multiple Choices"},
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", c.name, http2), func(t *testing.T) {
				server := httpServer(t, config, http2, func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					w.Header().Set("Content-Type", c.typed)
					w.WriteHeader(c.status)
					if c.status != http.StatusResetContent && c.status != http.StatusNoContent {
						_, _ = w.Write(dnstest.Reply(body, dns.RcodeSuccess))
					}
				})
				reason := c.reason
				if c.status == 299 && http2 {
					reason = right // HTTP/2 has no words for a status
				}
				expect(t, check(t, server, checker.HTTPS, encrypted.Options{CAFile: ca.File, Path: "/dns-query"}, generous), c.outcome, reason)
			})
		}
	}
}

// What is no success says what mends it.
func TestHTTPSMends(t *testing.T) {
	t.Parallel()
	ca := dnstest.NewAuthority(t)
	config := ca.Certificate(tomorrow, "127.0.0.1")
	const path = "give the path of DNS over HTTPS with --https-path"
	for status, c := range map[int]struct{ location, reason string }{
		301: {"/resolve?x=1", `301 Moved Permanently to "/resolve?x=1"; ask there with --https-path`},
		307: {"https://other.example/dns-query", `307 Temporary Redirect to "https://other.example/dns-query"; a check follows nobody to another server`},
		308: {"http://127.0.0.1/dns-query", `308 Permanent Redirect to "http://127.0.0.1/dns-query"; a check follows nobody to another server`},
		302: {"", "302 Found"},
		400: {"", "400 Bad Request"},
		401: {"", "401 Unauthorized; let this host in"},
		403: {"", "403 Forbidden; let this host in"},
		404: {"", "404 Not Found: nothing at /q; " + path},
		405: {"", "405 Method Not Allowed: /q takes no DNS message by POST; " + path},
		410: {"", "410 Gone: nothing at /q; " + path},
		415: {"", "415 Unsupported Media Type: /q takes no DNS message by POST; " + path},
		421: {"", "421 Misdirected Request; give a name that the server has with --tls-name"},
		429: {"", "429 Too Many Requests; raise the server's limit for this host, or ask less often"},
		502: {"", "502 Bad Gateway; the web server runs, and the name server behind it does not answer"},
		503: {"", "503 Service Unavailable; the web server runs, and the name server behind it does not answer"},
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			server := httpServer(t, config, true, func(w http.ResponseWriter, _ *http.Request) {
				if c.location != "" {
					w.Header().Set("Location", c.location)
				}
				w.WriteHeader(status)
			})
			expect(t, check(t, server, checker.HTTPS, encrypted.Options{CAFile: ca.File, Path: "/q"}, generous), checker.BadHTTP, "HTTP status "+c.reason)
		})
	}
}

// A status is a verdict, however long its page is.
func TestHTTPSEndlessPage(t *testing.T) {
	t.Parallel()
	ca := dnstest.NewAuthority(t)
	server := httpServer(t, ca.Certificate(tomorrow, "127.0.0.1"), false, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	expect(t, check(t, server, checker.HTTPS, encrypted.Options{CAFile: ca.File, Path: "/q"}, generous), checker.BadHTTP, "HTTP status 404 Not Found: nothing at /q; …")
}

// A peer that has set up TLS and then speaks no HTTP is not out of reach.
func TestHTTPSNoHTTP(t *testing.T) {
	t.Parallel()
	ca := dnstest.NewAuthority(t)
	config := ca.Certificate(tomorrow, "127.0.0.1")
	raw := func(write func(w io.Writer)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			write(conn)
		}
	}
	const tooLong = "the server sends an HTTP header of more than 64 KiB"
	for _, c := range []struct {
		name    string
		http2   bool
		handler http.HandlerFunc
		reason  string
	}{
		{"endless header", false, raw(func(w io.Writer) {
			_, err := io.WriteString(w, "HTTP/1.1 200 OK\r\n")
			for n := 0; err == nil; n++ {
				_, err = fmt.Fprintf(w, "X-%d: %0100d\r\n", n, n)
			}
		}), tooLong},
		{"endless line", false, raw(func(w io.Writer) {
			_, err := io.WriteString(w, "HTTP/1.1 200 ")
			for err == nil {
				_, err = io.WriteString(w, strings.Repeat("O", 1000))
			}
		}), tooLong},
		{"long header of HTTP/2", true, func(w http.ResponseWriter, _ *http.Request) {
			for n := range 1000 {
				w.Header().Set(fmt.Sprintf("X-%d", n), strings.Repeat("x", 100))
			}
			w.Header().Set("Content-Type", message)
		}, "no HTTP answer that can be understood: connection error: PROTOCOL_ERROR"}, // so package net/http takes what is far too long
		{"endless interim answers", false, raw(func(w io.Writer) {
			var err error
			for err == nil {
				_, err = io.WriteString(w, "HTTP/1.1 103 Early Hints\r\n\r\n")
			}
		}), "…"},
		{"plain DNS in TLS", false, raw(func(w io.Writer) { _, _ = w.Write([]byte("\x00\x0c\x16\x03\x80\x01\x00\x00\x00\x00\x00\x00\n\n")) }),
			"no HTTP answer that can be understood: malformed HTTP response …"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := check(t, httpServer(t, config, c.http2, c.handler), checker.HTTPS, encrypted.Options{CAFile: ca.File, Path: "/dns-query"}, generous)
			expect(t, r, checker.BadHTTP, c.reason)
			if len(r.Reason) > 300 {
				t.Errorf("a reason of %d bytes", len(r.Reason))
			}
		})
	}
}

// The name in the request is without the port that every URL of the scheme
// has: there are servers that compare bytes.
func TestHTTPSHost(t *testing.T) {
	t.Parallel()
	ca := dnstest.NewAuthority(t)
	config := ca.Certificate(tomorrow, "192.0.2.53", "2001:db8::53", "fe80::53", "dns.example")
	for _, c := range []struct{ server, name, host string }{
		{"192.0.2.53:443", "", "192.0.2.53"},
		{"192.0.2.53:8443", "", "192.0.2.53:8443"},
		{"192.0.2.53:443", "dns.example", "dns.example"},
		{"192.0.2.53:8443", "dns.example", "dns.example:8443"},
		{"[2001:db8::53]:443", "", "[2001:db8::53]"},
		{"[2001:db8::53]:8443", "", "[2001:db8::53]:8443"},
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s, HTTP/2 %v", c.server, c.name, http2), func(t *testing.T) {
				seen := make(chan string, 1)
				at := httpServer(t, config, http2, func(w http.ResponseWriter, r *http.Request) {
					seen <- r.Host
					over(same)(w, r)
				})
				client, err := encrypted.New(encrypted.Options{CAFile: ca.File, Name: c.name, Path: "/dns-query"})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), generous)
				defer cancel()
				var d net.Dialer
				dial := func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", at.String()) }
				if _, err := client.Post(ctx, dial, c.server, make([]byte, 29)); err != nil {
					t.Fatal(err)
				}
				if got := <-seen; got != c.host {
					t.Errorf("Host: %s, want %s", got, c.host)
				}
			})
		}
	}
}

// A server that wants a certificate of its clients says so in the handshake
// (TLS 1.2) or in the place of the answer (TLS 1.3).
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	ca := dnstest.NewAuthority(t)
	for version, alert := range map[uint16]string{tls.VersionTLS12: "handshake failure", tls.VersionTLS13: "certificate required"} {
		config := ca.Certificate(tomorrow, "127.0.0.1")
		config.ClientAuth, config.MinVersion, config.MaxVersion = tls.RequireAnyClientCert, version, version
		const wants = "the server wants a client certificate, and lvsdns-check has none ("
		// Where the server hangs up before its alert is read, that is all there is to say.
		refused := func(t *testing.T, r checker.Result) {
			t.Helper()
			for _, how := range []string{"tls: " + alert, "it hung up"} {
				if r.Reason == wants+how+"); let this host in without one" && r.Outcome == checker.BadTLS {
					return
				}
			}
			t.Errorf("%s: %s, want tls: %stls: %s)", r.Outcome, r.Reason, wants, alert)
		}
		options := encrypted.Options{CAFile: ca.File, Path: "/dns-query"}
		t.Run(tls.VersionName(version)+" tls", func(t *testing.T) {
			server := dnstest.StartTLS(t, "127.0.0.1:0", config, answer)
			refused(t, check(t, server.Addr(), checker.TLS, options, generous))
		})
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", tls.VersionName(version), http2), func(t *testing.T) {
				refused(t, check(t, httpServer(t, config, http2, over(same)), checker.HTTPS, options, generous))
			})
		}
		// One that takes a certificate and can do without is asked as any other.
		config = config.Clone()
		config.ClientAuth = tls.RequestClientCert
		t.Run(tls.VersionName(version)+" wanted, not needed", func(t *testing.T) {
			server := dnstest.StartTLS(t, "127.0.0.1:0", config, answer)
			expect(t, check(t, server.Addr(), checker.TLS, options, generous), checker.Pass, right)
		})
	}
}

// A common name is no name (RFC 9525): giving it with --tls-name mends nothing.
func TestCommonNameOnly(t *testing.T) {
	t.Parallel()
	config, file := commonName(t, "dns.example")
	server := dnstest.StartTLS(t, "127.0.0.1:0", config, answer).Addr()
	const reason = `certificate: it names no host but in its common name "dns.example", which no longer counts; have it issued again with a subjectAltName`
	for _, name := range []string{"", "dns.example", "other.example"} {
		expect(t, check(t, server, checker.TLS, encrypted.Options{CAFile: file, Name: name}, generous), checker.BadTLS, reason)
	}
}

// A certificate's names are the server's to choose, and a reason is one line.
func TestManyNames(t *testing.T) {
	t.Parallel()
	ca := dnstest.NewAuthority(t)
	names := []string{"192.0.2.1"}
	for n := range 50 {
		names = append(names, fmt.Sprintf("n%d.example", n))
	}
	server := dnstest.StartTLS(t, "127.0.0.1:0", ca.Certificate(tomorrow, names...), answer).Addr()
	expect(t, check(t, server, checker.TLS, encrypted.Options{CAFile: ca.File}, generous), checker.BadTLS,
		"certificate: it is for 192.0.2.1, n0.example, n1.example, 48 more, not for 127.0.0.1; give the name in it with --tls-name")
}

// commonName makes a certificate that signs itself and has no subjectAltName.
func commonName(t *testing.T, name string) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: tomorrow, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

// zoned is what a server hears of a client that reaches it by a scoped address.
type zoned struct {
	checker.Encrypted
	post string
}

func (z *zoned) Post(_ context.Context, _ func(context.Context) (net.Conn, error), server string, _ []byte) ([]byte, error) {
	z.post = server
	return nil, io.EOF
}

// The zone is this host's alone: no server hears it, no certificate has it.
func TestZoneStaysHere(t *testing.T) {
	t.Parallel()
	z := new(zoned)
	c := checker.Check{
		Server: netip.MustParseAddrPort("[fe80::53%lo]:443"), Transport: checker.HTTPS, Timeout: generous, Attempts: 1, Encrypted: z,
		Questions: []checker.Question{{Name: "example.com.", Type: dns.TypeSOA, Class: dns.ClassINET}},
	}
	if r := c.Run(t.Context()); r.Outcome != checker.Closed || r.Server.Addr().Zone() != "lo" {
		t.Errorf("%s: %s, server %s", r.Outcome, r.Reason, r.Server)
	}
	if z.post != "[fe80::53]:443" {
		t.Errorf("named %s, want [fe80::53]:443", z.post)
	}
}
