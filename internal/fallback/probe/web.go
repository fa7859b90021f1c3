package probe

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// web asks for each url and passes when all are as they should be. keepalived asks for one of them each delay_loop
// (epilog in check_http.c); asked for together, a failure is seen earlier.
func web(check *health.Check) (Probe, error) {
	k := check.Config
	regexes := make([]*regexp.Regexp, len(k.HTTP.URLs))
	for i, u := range k.HTTP.URLs {
		if u.Regex.V == "" {
			continue
		}
		var err error
		if regexes[i], err = regexp.Compile(u.Regex.V); err != nil {
			return nil, unsupported(u.Regex.Pos, "regex: only what RE2 knows is supported: %v; write it without", err)
		}
		if len(u.Other) > 0 { // without a regex keepalived ignores them
			return nil, unsupported(u.Other[0].Pos, "%s: this option of a regex is not supported; write the regex without it", u.Other[0].Words[0])
		}
	}
	return func(ctx context.Context) health.Result {
		for i, u := range k.HTTP.URLs {
			if r := page(ctx, k, u, virtualHost(check, u), regexes[i]); !r.Pass {
				r.Reason = u.Path.V + ": " + r.Reason
				return r
			}
		}
		return health.Result{Pass: true, Reason: "as it should be"}
	}, nil
}

func page(ctx context.Context, k *keepalived.Checker, u keepalived.URL, name string, regex *regexp.Regexp) health.Result {
	conn, err := dial(ctx, "tcp", k.Connect)
	if err != nil {
		return failed("connect", err)
	}
	defer conn.Close()
	defer closeWith(ctx, conn)()
	_ = conn.SetDeadline(time.Now().Add(k.Connect.Timeout.V))
	if k.Kind == keepalived.SSLGet {
		// keepalived does not look at certificates either.
		config := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see above
		if k.HTTP.SNI.V {
			config.ServerName = k.HTTP.SNIName.V
			if config.ServerName == "" {
				config.ServerName = name
			}
		}
		client := tls.Client(conn, config)
		if err := client.HandshakeContext(ctx); err != nil {
			return failed("TLS", err)
		}
		conn = client
	}
	status, seen, err := get(conn, k, u, name, regex)
	switch {
	case err != nil:
		return failed("read", err)
	case !accepts(u.StatusCodes.V, status):
		return fail("status %d", status)
	case seen.long && (u.Digest.V != "" || regex != nil && !seen.matched):
		return fail("the page is too long to say: a digest is of at most %d bytes, a regex looks at the first %d", maxPage, maxSearched)
	case u.Digest.V != "" && !strings.EqualFold(seen.digest, u.Digest.V):
		return fail("digest %s", seen.digest)
	case regex != nil && seen.matched == u.RegexNoMatch.V:
		return fail("the regex does not decide as it should")
	}
	return health.Result{Pass: true}
}

// virtualHost is the name that is asked for: the first that is written, from the url outwards.
func virtualHost(c *health.Check, u keepalived.URL) string {
	return cmp.Or(u.VirtualHost.V, c.Config.HTTP.VirtualHost.V, c.Server.VirtualHost.V, c.Virtual.VirtualHost.V)
}

// get asks in keepalived's words (request_template in check_http.c).
func get(conn net.Conn, k *keepalived.Checker, u keepalived.URL, name string, regex *regexp.Regexp) (status int, p seen, err error) {
	version, connection := "1.0", ""
	switch k.HTTP.Version.V {
	case "1.0C", "1.0c":
		connection = "Connection: close\r\n"
	case "1.1":
		version, connection = "1.1", "Connection: close\r\n"
	}
	if name == "" {
		name = netip.AddrPortFrom(k.Connect.Addr.V, k.Connect.Port.V).String()
	}
	if _, err = fmt.Fprintf(conn, "GET %s HTTP/%s\r\nUser-Agent: KeepAliveClient\r\n%sHost: %s\r\n\r\n", u.Path.V, version, connection, name); err != nil {
		return 0, p, err
	}
	limit := &io.LimitedReader{R: conn, N: maxHead}
	response, err := http.ReadResponse(bufio.NewReader(limit), nil)
	if err != nil && limit.N == 0 {
		return 0, p, fmt.Errorf("status and headers have no end within %d bytes", maxHead)
	}
	if err != nil {
		return 0, p, err
	}
	defer response.Body.Close()
	limit.N = math.MaxInt64 // Of the page it is kept by look.
	p, err = look(response.Body, regex)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // shorter than announced, or TLS cut off: keepalived reports it and goes on
	}
	return response.StatusCode, p, err
}

// accepts reports whether a status code is among those wanted: 200-299 unless written.
func accepts(wanted []string, status int) bool {
	if len(wanted) == 0 {
		wanted = []string{"200-299"}
	}
	for _, w := range wanted {
		low, high, isRange := strings.Cut(w, "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err1 == nil && err2 == nil && from <= status && status <= to {
			return true
		}
	}
	return false
}
