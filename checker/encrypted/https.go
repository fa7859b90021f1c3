package encrypted

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/internal/words"
	"github.com/miekg/dns"
)

// dnsMessage is the media type of a DNS message (RFC 8484 section 6).
const dnsMessage = "application/dns-message"

// maxHeader is far more than any server has to say before its answer.
const maxHeader = 64 << 10

// Post asks over HTTPS with the POST method: its answers are not cached on the
// way (RFC 8484 section 5.1).
func (c *Client) Post(ctx context.Context, dial func(context.Context) (net.Conn, error), server string, wire []byte) ([]byte, error) {
	at, err := netip.ParseAddrPort(server)
	if err != nil {
		return nil, fmt.Errorf("server %q: %w", server, err)
	}
	s := &session{spelling: c.spelling}
	transport := &http.Transport{
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: maxHeader,
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := dial(ctx)
			if err != nil {
				return nil, err
			}
			if err := c.handshake(ctx, s, conn, at.Addr().String(), "h2", "http/1.1"); err != nil {
				conn.Close()
				return nil, err
			}
			return s.Conn, nil // the transport looks for HTTP/2 in a *tls.Conn alone
		},
	}
	defer transport.CloseIdleConnections()
	u := url.URL{Scheme: "https", Host: c.host(at), Path: c.path}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(wire))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u.String(), err)
	}
	request.Header.Set("Content-Type", dnsMessage)
	request.Header.Set("Accept", dnsMessage)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, s.httpError(ctx, err)
	}
	defer response.Body.Close()
	s.answered.Store(true)
	if reason := c.refusal(response); reason != "" {
		return nil, badHTTP("%s", reason)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, dns.MaxMsgSize))
	if err != nil {
		return nil, s.httpError(ctx, err)
	}
	return body, nil
}

// host returns what the server is called in the request: without the port that
// all URLs of this scheme have, since there are servers that compare bytes (RFC
// 9110 section 4.2.3).
func (c *Client) host(at netip.AddrPort) string {
	name := c.name
	if name == "" {
		name = at.Addr().String()
	}
	if at.Port() != checker.HTTPS.Port() {
		return net.JoinHostPort(name, strconv.Itoa(int(at.Port())))
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}

func badHTTP(format string, args ...any) error {
	return &checker.Failure{Outcome: checker.BadHTTP, Detail: fmt.Sprintf(format, args...)}
}

// httpError sorts an error of package net/http. Once there is a TLS session, a
// peer that does not end it speaks no HTTP that can be understood.
func (s *session) httpError(ctx context.Context, err error) error {
	var known *checker.Failure
	if !s.up.Load() || errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	text := err.Error()
	// The connection went before the question was out: HTTP/1.1 and HTTP/2.
	for _, gone := range []string{"server closed idle connection", "client conn could not be established", "client conn is closed", "client connection lost"} {
		if strings.Contains(text, gone) {
			err = io.EOF
		}
	}
	if refused := s.refused(err); refused != nil {
		return refused
	}
	for _, closed := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, os.ErrDeadlineExceeded} {
		if errors.Is(err, closed) {
			return err
		}
	}
	// HTTP/1.1 and HTTP/2; the errors have no name.
	if strings.Contains(text, "response headers exceeded") || strings.Contains(text, "response header list larger") {
		return badHTTP("the server sends an HTTP header of more than %d KiB", maxHeader>>10)
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return badHTTP("no HTTP answer that can be understood: %.200s", err)
}

// refusal says why a response is no answer, and what mends it; empty when it is
// one: any status of success with a DNS message (RFC 8484 section 4.2.1).
func (c *Client) refusal(r *http.Response) string {
	status := fmt.Sprintf("HTTP status %.80s", r.Status)
	switch {
	case r.StatusCode/100 != 2:
		return status + c.mend(r)
	case r.StatusCode == http.StatusNoContent, r.StatusCode == http.StatusResetContent:
		return status + ", without a DNS message"
	}
	// Type and subtype have no case, and parameters may follow (RFC 9110
	// section 8.3.1).
	contentType := r.Header.Get("Content-Type")
	mediaType, _, _ := strings.Cut(contentType, ";")
	if !strings.EqualFold(strings.TrimSpace(mediaType), dnsMessage) {
		return fmt.Sprintf("content type %.40q instead of %s; give the path of DNS over HTTPS%s", contentType, dnsMessage, words.With(c.spelling.HTTPSPath))
	}
	return ""
}

// mend adds to a status what most often is behind it.
func (c *Client) mend(r *http.Response) string {
	path, withPath := r.Request.URL.Path, words.With(c.spelling.HTTPSPath)
	switch code := r.StatusCode; {
	case code/100 == 3:
		to, err := r.Location()
		if err != nil {
			return ""
		}
		if to.Host == r.Request.URL.Host && to.Scheme == "https" {
			return fmt.Sprintf(" to %.200q; ask there%s", to.RequestURI(), withPath)
		}
		return fmt.Sprintf(" to %.200q; a check follows nobody to another server", to.String())
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return "; let this host in"
	case code == http.StatusNotFound, code == http.StatusGone:
		return fmt.Sprintf(": nothing at %s; give the path of DNS over HTTPS%s", path, withPath)
	case code == http.StatusMethodNotAllowed, code == http.StatusUnsupportedMediaType, code == http.StatusNotImplemented:
		return fmt.Sprintf(": %s takes no DNS message by POST; give the path of DNS over HTTPS%s", path, withPath)
	case code == http.StatusMisdirectedRequest:
		return "; give a name that the server has" + words.With(c.spelling.TLSName)
	case code == http.StatusTooManyRequests:
		return "; raise the server's limit for this host, or ask less often"
	case code == http.StatusBadGateway, code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		return "; the web server runs, and the name server behind it does not answer"
	}
	return ""
}
