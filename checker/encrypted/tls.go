package encrypted

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/internal/words"
)

// Client sets up a DNS-over-TLS session (RFC 7858 section 3.1).
func (c *Client) Client(ctx context.Context, conn net.Conn, server string) (net.Conn, error) {
	s := &session{spelling: c.spelling}
	if err := c.handshake(ctx, s, conn, server, "dot"); err != nil {
		return nil, err
	}
	return s, nil
}

// session is a TLS session that tells what the server says of it. Under TLS 1.3
// the handshake is over for the client before the server has seen its
// certificate, so that a refusal arrives where the answer should.
type session struct {
	*tls.Conn
	spelling checker.Spelling
	up       atomic.Bool // the handshake is over
	asked    atomic.Bool // the server wants a certificate
	answered atomic.Bool // and has answered something
}

// Read reads, with the server's refusal as a [checker.Failure].
func (s *session) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if n > 0 {
		s.answered.Store(true)
	}
	return n, s.explain(err)
}

// Write writes, with the server's refusal as a [checker.Failure].
func (s *session) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	return n, s.explain(err)
}

func (s *session) explain(err error) error {
	if refused := s.refused(err); refused != nil {
		return refused
	}
	return err
}

// refused explains the end of a session that the server does not want; nil when
// the error is another. A server that asks for a certificate, gets none and
// hangs up has refused, even where its alert is lost with the connection.
func (s *session) refused(err error) error {
	var op *net.OpError
	alert := errors.As(err, &op) && op.Op == "remote error" // so crypto/tls marks it
	hungUp := errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	who := cmp.Or(s.spelling.Program, "this check")
	var reason string
	switch {
	case s.asked.Load() && alert:
		reason = fmt.Sprintf("the server wants a client certificate, and %s has none (%v); let this host in without one", who, op.Err)
	case s.asked.Load() && hungUp && !s.answered.Load():
		reason = fmt.Sprintf("the server wants a client certificate, and %s has none (it hung up); let this host in without one", who)
	case alert:
		reason = fmt.Sprintf("the server ends the TLS session: %v", op.Err)
	default:
		return nil
	}
	return &checker.Failure{Outcome: checker.BadTLS, Detail: reason}
}

func (c *Client) handshake(ctx context.Context, s *session, conn net.Conn, server string, protocols ...string) error {
	config := c.tls.Clone()
	config.NextProtos = protocols
	if config.ServerName = c.name; c.name == "" {
		config.ServerName = server
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		s.asked.Store(true)
		return new(tls.Certificate), nil // none
	}
	s.Conn = tls.Client(conn, config)
	err := s.Conn.HandshakeContext(ctx)
	if err == nil {
		s.up.Store(true)
		return nil
	}
	if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return &checker.Failure{Outcome: checker.Timeout, Detail: "no TLS session in time"}
	}
	if refused := s.refused(err); refused != nil {
		return refused
	}
	return c.tlsError(err)
}

func (c *Client) tlsError(err error) error {
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var roots x509.SystemRootsError
	var record tls.RecordHeaderError
	bad := func(format string, args ...any) error {
		return &checker.Failure{Outcome: checker.BadTLS, Detail: fmt.Sprintf(format, args...)}
	}
	switch {
	case errors.As(err, &host):
		return bad("certificate: %s", c.nameReason(host.Certificate, host.Host))
	case errors.As(err, &roots):
		return &checker.Failure{Outcome: checker.Local, Detail: fmt.Sprintf("this host's certificate authorities: %v; give the server's%s", roots.Err, words.With(c.spelling.TLSCA))}
	case errors.As(err, &authority):
		return bad("certificate: %v; give its authority%s", authority, words.With(c.spelling.TLSCA))
	case errors.As(err, &record):
		return bad("the server does not speak TLS on this port")
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return bad("the server closed the connection during the TLS handshake")
	default:
		return bad("TLS: %v", err)
	}
}

// nameReason says which names a certificate has instead of the one asked for.
// The common name does not count (RFC 9525 section 2): a certificate with
// nothing else fits no name, and giving it as the name mends nothing.
func (c *Client) nameReason(cert *x509.Certificate, asked string) string {
	var names []string
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	names = append(names, cert.DNSNames...)
	if len(names) == 0 {
		return fmt.Sprintf("it names no host but in its common name %.100q, which no longer counts; have it issued again with a subjectAltName", cert.Subject.CommonName)
	}
	const most = 3
	list := names[:min(len(names), most)]
	for i, name := range list {
		list[i] = fmt.Sprintf("%.100s", name)
	}
	if more := len(names) - most; more > 0 {
		list = append(list, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("it is for %s, not for %s; give the name in it%s", strings.Join(list, ", "), asked, words.With(c.spelling.TLSName))
}
