package httpd

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// front stands before every page: it sends away what no page here answers, and says to browsers and caches what holds for all.
func front(names func() []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		switch {
		case r.ContentLength != 0:
			// Nobody waits for it to come.
			h.Set("Connection", "close")
			Text(w, http.StatusRequestEntityTooLarge, "no page here takes a body: ask without one")
		case !answersTo(names, r.Host) && !isProbe(r.URL.Path):
			Text(w, http.StatusMisdirectedRequest, fmt.Sprintf("this host does not answer for the name %.100q: ask for its address or host name, or add the name to web.hosts",
				hostOf(r.Host)))
		default:
			// The request is here, whole: what is left of the time for it is no limit for the answer.
			_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
			next.ServeHTTP(w, r)
		}
	})
}

// isProbe reports whether a page says only that this program is there.
func isProbe(path string) bool { return path == "/-/healthy" || path == "/-/ready" }

// answersTo reports whether the Host of a request is an address, localhost, one of the names, or not there at all: a browser always
// sends the name that it was given, which is all it takes to know a page of somebody else's from ours.
func answersTo(names func() []string, host string) bool {
	name := hostOf(host)
	if name == "" || name == "localhost" {
		return true
	}
	if names != nil && slices.ContainsFunc(names(), func(n string) bool { return strings.EqualFold(strings.TrimSuffix(n, "."), name) }) {
		return true
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}

// hostOf is a Host without its port, as names are compared.
func hostOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// Text answers with one line.
func Text(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(line + "\n"))
}
