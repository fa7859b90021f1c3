package encrypted_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
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

const (
	silence  = 1500 * time.Millisecond // for checks that must wait to the end
	generous = 30 * time.Second        // for checks that an answer ends
)

var tomorrow = time.Now().Add(24 * time.Hour)

// flags are the settings as lvsdns-check has them.
var flags = checker.Spelling{Program: "lvsdns-check", TLSName: "--tls-name", TLSCA: "--tls-ca", HTTPSPath: "--https-path"}

// check asks a server once.
func check(t *testing.T, server netip.AddrPort, transport checker.Transport, o encrypted.Options, timeout time.Duration) checker.Result {
	t.Helper()
	o.Spelling = flags
	client, err := encrypted.New(o)
	if err != nil {
		t.Fatal(err)
	}
	c := checker.Check{
		Server: server, Transport: transport, Timeout: timeout, Attempts: 1, Encrypted: client,
		Questions: []checker.Question{{Name: "example.com.", Type: dns.TypeSOA, Class: dns.ClassINET}},
	}
	return c.Run(context.Background())
}

// expect compares outcome and reason; a reason that ends in … goes on.
func expect(t *testing.T, r checker.Result, outcome checker.Outcome, reason string) {
	t.Helper()
	start, open := strings.CutSuffix(reason, "…")
	if r.Outcome != outcome || !strings.HasPrefix(r.Reason, start) || !open && r.Reason != reason {
		t.Errorf("\n got %s: %s\nwant %s: %s", r.Outcome, r.Reason, outcome, reason)
	}
}

const (
	only        = "no answer that counts, only: "
	right       = "NOERROR, 0 answers, 29 bytes"
	noSAN       = "certificate: it is for dns.example, not for 127.0.0.1; give the name in it with --tls-name"
	otherName   = "certificate: it is for dns.example, not for other.example; give the name in it with --tls-name"
	unknownCA   = "certificate: x509: certificate signed by unknown authority; give its authority with --tls-ca"
	expired     = "TLS: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: …"
	notTLS      = "the server does not speak TLS on this port"
	portClosed  = "port closed (connection refused)"
	hungUp      = "the server closed the connection during the TLS handshake"
	closedEarly = "the server closed the connection without an answer"
)

// certificates are what TLS and HTTPS have in common: which server is trusted.
func certificates(t *testing.T) []certificateCase {
	ca, other := dnstest.NewAuthority(t), dnstest.NewAuthority(t)
	here, byName := ca.Certificate(tomorrow, "127.0.0.1"), ca.Certificate(tomorrow, "dns.example")
	old := ca.Certificate(time.Now().Add(-time.Minute), "127.0.0.1")
	oldTLS := here.Clone()
	oldTLS.MinVersion, oldTLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	return []certificateCase{
		{"by address", here, encrypted.Options{CAFile: ca.File}, checker.Pass, right},
		{"by name", byName, encrypted.Options{CAFile: ca.File, Name: "dns.example"}, checker.Pass, right},
		{"name where the address is asked for", byName, encrypted.Options{CAFile: ca.File}, checker.BadTLS, noSAN},
		{"another name", byName, encrypted.Options{CAFile: ca.File, Name: "other.example"}, checker.BadTLS, otherName},
		{"this host's authorities", here, encrypted.Options{}, checker.BadTLS, unknownCA},
		{"another authority", here, encrypted.Options{CAFile: other.File}, checker.BadTLS, "certificate: x509: certificate signed by unknown authority…"},
		{"expired", old, encrypted.Options{CAFile: ca.File}, checker.BadTLS, expired},
		{"insecure, unknown authority", here, encrypted.Options{Insecure: true}, checker.Pass, right},
		{"insecure, another name", byName, encrypted.Options{Insecure: true, Name: "other.example"}, checker.Pass, right},
		{"insecure, expired", old, encrypted.Options{Insecure: true}, checker.Pass, right},
		{"TLS 1.1", oldTLS, encrypted.Options{CAFile: ca.File}, checker.BadTLS, "the server ends the TLS session: tls: protocol version not supported"},
	}
}

type certificateCase struct {
	name    string
	config  *tls.Config
	options encrypted.Options
	outcome checker.Outcome
	reason  string
}

func answer(q *dnstest.Query) { q.Send(dnstest.Reply(q.Wire, dns.RcodeSuccess)) }

func TestTLSCertificates(t *testing.T) {
	t.Parallel()
	for _, c := range certificates(t) {
		t.Run(c.name, func(t *testing.T) {
			server := dnstest.StartTLS(t, "127.0.0.1:0", c.config, answer)
			expect(t, check(t, server.Addr(), checker.TLS, c.options, generous), c.outcome, c.reason)
		})
	}
}

func TestTLSAnswers(t *testing.T) {
	t.Parallel()
	ca := dnstest.NewAuthority(t)
	config := ca.Certificate(tomorrow, "127.0.0.1", "::1")
	for _, c := range []struct {
		name    string
		handler dnstest.Handler
		timeout time.Duration
		outcome checker.Outcome
		reason  string
	}{
		{"SERVFAIL", func(q *dnstest.Query) { q.Send(dnstest.Reply(q.Wire, dns.RcodeServerFailure)) }, generous, checker.Rcode, "SERVFAIL, expected NOERROR"},
		{"truncated", func(q *dnstest.Query) {
			b := dnstest.Reply(q.Wire, dns.RcodeSuccess)
			b[2] |= 0x02
			q.Send(b)
		}, generous, checker.Truncated, "truncated over tls, and no whole answer"},
		{"hangs up", func(q *dnstest.Query) { q.Hangup() }, generous, checker.Closed, closedEarly},
		{"hangs up in the answer", func(q *dnstest.Query) { q.SendBytes([]byte{0, 29, 1, 2, 3}); q.Hangup() }, generous, checker.Closed, "the server closed the connection in the middle of its answer"},
		{"silent", func(*dnstest.Query) {}, silence, checker.Timeout, "no answer"},
		{"stray, then the answer", func(q *dnstest.Query) { q.Send([]byte("stray")); answer(q) }, generous, checker.Pass, right},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := dnstest.StartTLS(t, "127.0.0.1:0", config, c.handler)
			expect(t, check(t, server.Addr(), checker.TLS, encrypted.Options{CAFile: ca.File}, c.timeout), c.outcome, c.reason)
		})
	}
	t.Run("IPv6", func(t *testing.T) {
		if conn, err := net.Listen("tcp", "[::1]:0"); err != nil {
			t.Skipf("this host has no IPv6 loopback: %v", err)
		} else {
			conn.Close()
		}
		server := dnstest.StartTLS(t, "[::1]:0", config, answer)
		expect(t, check(t, server.Addr(), checker.TLS, encrypted.Options{CAFile: ca.File}, generous), checker.Pass, right)
	})
}

// plain is a server that does with a connection what it is told, without TLS.
func plain(t *testing.T, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handle(conn)
		}
	}()
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

// What TLS and HTTPS make of a port that has none.
func TestNoTLS(t *testing.T) {
	t.Parallel()
	hello := make([]byte, 16)
	for _, transport := range []checker.Transport{checker.TLS, checker.HTTPS} {
		for _, c := range []struct {
			name    string
			handle  func(net.Conn)
			timeout time.Duration
			outcome checker.Outcome
			reason  string
		}{
			{"plain HTTP", func(c net.Conn) {
				_, _ = io.ReadFull(c, hello)
				_, _ = io.WriteString(c, "HTTP/1.0 400 Bad Request\r\n\r\n")
			}, generous, checker.BadTLS, notTLS},
			{"plain DNS", func(c net.Conn) {
				_, _ = io.ReadFull(c, hello)
				_, _ = c.Write([]byte("\x00\x0c\x16\x03\x80\x01\x00\x00\x00\x00\x00\x00\x00\x00"))
			}, generous, checker.BadTLS, notTLS},
			{"silence", func(c net.Conn) { t.Cleanup(func() { c.Close() }) }, silence, checker.Timeout, "no …"},
			{"hang-up", func(c net.Conn) { _, _ = io.ReadFull(c, hello); c.Close() }, generous, checker.BadTLS, hungUp},
		} {
			t.Run(transport.String()+" "+c.name, func(t *testing.T) {
				r := check(t, plain(t, c.handle), transport, encrypted.Options{Path: "/dns-query"}, c.timeout)
				expect(t, r, c.outcome, c.reason)
			})
		}
		t.Run(transport.String()+" port closed", func(t *testing.T) {
			server := dnstest.Start(t, "127.0.0.1:0", answer)
			server.CloseTCP()
			expect(t, check(t, server.Addr(), transport, encrypted.Options{}, generous), checker.Unreachable, portClosed)
		})
	}
}

// httpServer is a DNS-over-HTTPS server, with HTTP/2 or without.
func httpServer(t *testing.T, config *tls.Config, http2 bool, handler http.HandlerFunc) netip.AddrPort {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.TLS = config.Clone()
	s.EnableHTTP2 = http2
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

const message = "application/dns-message"

// over answers like a good server, with a change to the answer.
func over(change func(b []byte) []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", message)
		_, _ = w.Write(change(dnstest.Reply(body, dns.RcodeSuccess)))
	}
}

func same(b []byte) []byte { return b }

func TestHTTPSCertificates(t *testing.T) {
	t.Parallel()
	for _, c := range certificates(t) {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", c.name, http2), func(t *testing.T) {
				c.options.Path = "/dns-query"
				expect(t, check(t, httpServer(t, c.config, http2, over(same)), checker.HTTPS, c.options, generous), c.outcome, c.reason)
			})
		}
	}
}

func TestHTTPSAnswers(t *testing.T) {
	t.Parallel()
	ca := dnstest.NewAuthority(t)
	config := ca.Certificate(tomorrow, "127.0.0.1")
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", message)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(code)
		}
	}
	typed := func(contentType string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = io.WriteString(w, "<html>")
		}
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		outcome checker.Outcome
		reason  string
	}{
		{"good", over(same), checker.Pass, right},
		{"SERVFAIL", over(func(b []byte) []byte { b[3] = 2; return b }), checker.Rcode, "SERVFAIL, expected NOERROR"},
		{"truncated", over(func(b []byte) []byte { b[2] |= 2; return b }), checker.Truncated, "truncated over https, and no whole answer"},
		{"404", status(404), checker.BadHTTP, "HTTP status 404 Not Found: nothing at /dns-query; give the path of DNS over HTTPS with --https-path"},
		{"500", status(500), checker.BadHTTP, "HTTP status 500 Internal Server Error"},
		{"302", status(302), checker.BadHTTP, `HTTP status 302 Found to "/elsewhere"; ask there with --https-path`},
		{"204", status(204), checker.BadHTTP, "HTTP status 204 No Content, without a DNS message"},
		{"a web page", typed("text/html; charset=utf-8"), checker.BadHTTP, `content type "text/html; charset=utf-8" instead of application/dns-message; give the path of DNS over HTTPS with --https-path`},
		{"no type", typed(""), checker.BadHTTP, `content type "" instead of application/dns-message; give the path of DNS over HTTPS with --https-path`},
		{"JSON", typed("application/dns-json"), checker.BadHTTP, `content type "application/dns-json" instead of application/dns-message; give the path of DNS over HTTPS with --https-path`},
		{"other ID", over(func(b []byte) []byte { b[0] ^= 1; return b }), checker.WrongID, only + "answer with message ID …"},
		{"the query", over(func(b []byte) []byte { b[2] &= 0x7f; return b }), checker.NotResponse, only + "packet that is no response (QR=0)"},
		{"nothing", over(func([]byte) []byte { return nil }), checker.Malformed, only + "packet of 0 bytes, too short for DNS"},
		{"more than a message", over(func(b []byte) []byte { return append(b, make([]byte, 1<<17)...) }), checker.Pass, "NOERROR, 0 answers, 65535 bytes"},
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", c.name, http2), func(t *testing.T) {
				t.Parallel()
				server := httpServer(t, config, http2, c.handler)
				expect(t, check(t, server, checker.HTTPS, encrypted.Options{CAFile: ca.File, Path: "/dns-query"}, generous), c.outcome, c.reason)
			})
		}
	}
	for _, http2 := range []bool{false, true} {
		for _, begun := range []bool{false, true} {
			t.Run(fmt.Sprintf("silent, answer begun %v, HTTP/2 %v", begun, http2), func(t *testing.T) {
				release := make(chan struct{})
				server := httpServer(t, config, http2, func(w http.ResponseWriter, _ *http.Request) {
					if begun {
						w.Header().Set("Content-Type", message)
						_, _ = w.Write([]byte{1})
						w.(http.Flusher).Flush()
					}
					<-release
				})
				t.Cleanup(func() { close(release) }) // before the server's, which waits for its handlers
				expect(t, check(t, server, checker.HTTPS, encrypted.Options{CAFile: ca.File}, silence), checker.Timeout, "no answer")
			})
		}
	}
	t.Run("hangs up", func(t *testing.T) {
		abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		expect(t, check(t, httpServer(t, config, false, abort), checker.HTTPS, encrypted.Options{CAFile: ca.File}, generous), checker.Closed, closedEarly)
	})
	t.Run("hangs up in the answer", func(t *testing.T) {
		abort := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", message)
			w.Header().Set("Content-Length", "29")
			_, _ = w.Write([]byte{1})
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		expect(t, check(t, httpServer(t, config, false, abort), checker.HTTPS, encrypted.Options{CAFile: ca.File}, generous), checker.Closed,
			"the server closed the connection in the middle of its answer")
	})
}

// The request is the one that RFC 8484 section 4.1 wants.
func TestHTTPSRequest(t *testing.T) {
	t.Parallel()
	ca := dnstest.NewAuthority(t)
	config := ca.Certificate(tomorrow, "127.0.0.1", "dns.example")
	for proto, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		for _, c := range []struct {
			name, path, wantPath string
			options              encrypted.Options
		}{
			{"", "/dns-query", "/dns-query", encrypted.Options{}},
			{"dns.example", "/a b/q", "/a b/q", encrypted.Options{}},
		} {
			t.Run(proto+" "+c.path, func(t *testing.T) {
				seen := make(chan string, 1)
				server := httpServer(t, config, http2, func(w http.ResponseWriter, r *http.Request) {
					seen <- fmt.Sprintln(r.Proto, r.Method, r.Host, r.URL.Path, r.Header["Content-Type"], r.Header["Accept"], r.TLS.ServerName)
					over(same)(w, r)
				})
				host := server.String()
				if c.name != "" {
					host = fmt.Sprintf("%s:%d", c.name, server.Port())
				}
				r := check(t, server, checker.HTTPS, encrypted.Options{CAFile: ca.File, Name: c.name, Path: c.path}, generous)
				expect(t, r, checker.Pass, right)
				want := fmt.Sprintln(proto, "POST", host, c.wantPath, "["+message+"]", "["+message+"]", c.name)
				if got := <-seen; got != want {
					t.Errorf("\n got %swant %s", got, want)
				}
			})
		}
	}
}

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	noise := filepath.Join(dir, "noise.pem")
	if err := os.WriteFile(noise, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.pem")
	for want, o := range map[string]encrypted.Options{
		`--https-path: "dns-query" does not begin with /; write for example /dns-query`:           {Path: "dns-query"},
		"--tls-ca: open " + missing + ": no such file or directory":                               {CAFile: missing},
		"--tls-ca: " + noise + " holds no PEM certificate; give the certificate authority's file": {CAFile: noise},
		"--tls-ca: read " + dir + ": is a directory":                                              {CAFile: dir},
	} {
		// In a program without flags the same sentence begins with a word.
		_, err := encrypted.New(o)
		if plain := strings.NewReplacer("--https-path", "path", "--tls-ca", "certificate authorities").Replace(want); err == nil || err.Error() != plain {
			t.Errorf("New(%+v)\n got %v\nwant %s", o, err, plain)
		}
		o.Spelling = flags
		if _, err := encrypted.New(o); err == nil || err.Error() != want {
			t.Errorf("New(%+v)\n got %v\nwant %s", o, err, want)
		}
	}
}
