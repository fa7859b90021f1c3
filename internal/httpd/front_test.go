package httpd

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestFront(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	handler := front(func() []string { return []string{"LB1", "lb1.example.net."} }, page)
	for _, test := range []struct {
		name, host, path, body string
		status                 int
		says                   string
	}{
		{name: "an address", host: "192.0.2.1:9741", status: 200},
		{name: "an address without a port", host: "192.0.2.1", status: 200},
		{name: "an IPv6 address", host: "[2001:db8::1]:9741", status: 200},
		{name: "an IPv6 address without a port", host: "[2001:db8::1]", status: 200},
		{name: "a scoped address", host: "[fe80::1%25eth0]:9741", status: 200},
		{name: "localhost", host: "localhost:9741", status: 200},
		{name: "no host, as in HTTP/1.0", host: "", status: 200},
		{name: "this host", host: "lb1:9741", status: 200},
		{name: "this host, written otherwise", host: "LB1.Example.NET.:9741", status: 200},
		{name: "somebody else's name that leads here", host: "rebind.example.com:9741", status: 421, says: `"rebind.example.com"`},
		{name: "a name that begins like ours", host: "lb1.example.com", status: 421, says: "web.hosts"},
		{name: "an address within a name", host: "192.0.2.1.example.com", status: 421},
		{name: "is it there? under any name", host: "rebind.example.com", path: "/-/healthy", status: 200},
		{name: "is it ready? under any name", host: "rebind.example.com", path: "/-/ready", status: 200},
		{name: "a body", host: "lb1", body: "x", status: 413, says: "takes a body"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := test.path
			if path == "" {
				path = "/metrics"
			}
			r := httptest.NewRequest(http.MethodGet, path, strings.NewReader(test.body))
			r.Host = test.host
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.says) {
				t.Errorf("status %d and %q, want %d and %q", w.Code, w.Body, test.status, test.says)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}
