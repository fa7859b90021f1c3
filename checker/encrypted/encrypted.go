// Package encrypted asks over DNS over TLS and DNS over HTTPS. It is apart from
// package checker because crypto/tls and net/http cost every process that links
// them CPU time and memory, whether it uses them or not.
package encrypted

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/miekg/dns"
)

// Options say how to trust the server. The zero value verifies the
// certificate against the server's address and this host's authorities.
type Options struct {
	Name     string // in the certificate; empty: the server's address
	CAFile   string // PEM; empty: this host's authorities
	Insecure bool   // take any certificate
	Path     string // of the HTTPS resource, as in "/dns-query"
}

// Client implements [checker.Encrypted].
type Client struct {
	name string
	path string
	tls  tls.Config
}

// New reads what the options name.
func New(o Options) (*Client, error) {
	c := &Client{name: o.Name, path: o.Path}
	c.tls.InsecureSkipVerify = o.Insecure
	c.tls.MinVersion = tls.VersionTLS12 // RFC 9325 section 3.1.1
	if o.Path != "" && !strings.HasPrefix(o.Path, "/") {
		return nil, fmt.Errorf("--https-path: %q does not begin with /; write for example /dns-query", o.Path)
	}
	if o.CAFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("--tls-ca: %w", err)
	}
	c.tls.RootCAs = x509.NewCertPool()
	if !c.tls.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--tls-ca: %s holds no PEM certificate; give the certificate authority's file", o.CAFile)
	}
	return c, nil
}

// Client sets up a DNS-over-TLS session (RFC 7858 section 3.1).
func (c *Client) Client(ctx context.Context, conn net.Conn, server string) (net.Conn, error) {
	return c.handshake(ctx, conn, server, "dot")
}

func (c *Client) handshake(ctx context.Context, conn net.Conn, server string, protocols ...string) (*tls.Conn, error) {
	config := c.tls.Clone()
	config.NextProtos = protocols
	if config.ServerName = c.name; c.name == "" {
		config.ServerName = server
	}
	session := tls.Client(conn, config)
	err := session.HandshakeContext(ctx)
	if err == nil {
		return session, nil
	}
	if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, &checker.LegError{Outcome: checker.Timeout, Detail: "no TLS session in time"}
	}
	return nil, &checker.LegError{Outcome: checker.BadTLS, Detail: tlsReason(err)}
}

func tlsReason(err error) string {
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &host):
		return fmt.Sprintf("certificate: %v; give the name in it with --tls-name", host)
	case errors.As(err, &authority):
		return fmt.Sprintf("certificate: %v; give its authority with --tls-ca", authority)
	case errors.As(err, &record):
		return "the server does not speak TLS on this port"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the server closed the connection during the TLS handshake"
	default:
		return fmt.Sprintf("TLS: %v", err)
	}
}

// dnsMessage is the media type of a DNS message (RFC 8484 section 6).
const dnsMessage = "application/dns-message"

// Post asks over HTTPS with the POST method: its answers are not cached on the
// way (RFC 8484 section 5.1).
func (c *Client) Post(ctx context.Context, dial func(context.Context) (net.Conn, error), server string, wire []byte) ([]byte, error) {
	host := server
	if c.name != "" {
		_, port, err := net.SplitHostPort(server)
		if err != nil {
			return nil, fmt.Errorf("server %q: %w", server, err)
		}
		host = net.JoinHostPort(c.name, port)
	}
	transport := &http.Transport{
		ForceAttemptHTTP2: true,
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := dial(ctx)
			if err != nil {
				return nil, err
			}
			address, _, _ := net.SplitHostPort(server)
			return c.handshake(ctx, conn, address, "h2", "http/1.1")
		},
	}
	defer transport.CloseIdleConnections()
	u := url.URL{Scheme: "https", Host: host, Path: c.path}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(wire))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u.String(), err)
	}
	request.Header.Set("Content-Type", dnsMessage)
	request.Header.Set("Accept", dnsMessage)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return readAnswer(response)
}

func readAnswer(r *http.Response) ([]byte, error) {
	if r.StatusCode != http.StatusOK {
		return nil, &checker.LegError{Outcome: checker.BadHTTP, Detail: "HTTP status " + r.Status}
	}
	if t := r.Header.Get("Content-Type"); t != dnsMessage {
		return nil, &checker.LegError{Outcome: checker.BadHTTP, Detail: fmt.Sprintf("content type %.40q instead of %s", t, dnsMessage)}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, dns.MaxMsgSize))
	if err != nil {
		return nil, err
	}
	return body, nil
}
