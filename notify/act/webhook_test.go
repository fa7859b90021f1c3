package act

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

func post(t *testing.T, url string) (string, error) {
	t.Helper()
	a := Webhook{URL: url, Attempts: 2, Headers: []string{"Authorization: Bearer x", "X-Api-Key: y"}, Host: "lb1", Client: NewClient(), Pause: time.Millisecond, Now: time.Now}
	return a.Do(t.Context(), Call{Subject: dns, State: notify.Master, Priority: 150})
}

// TestWebhookRedirect has a receiver that sends the post elsewhere: nobody there hears of it, and the result says where it was sent.
func TestWebhookRedirect(t *testing.T) {
	var heard atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard.Add(1) }))
	defer other.Close()
	to := func(location string, status int) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				t.Errorf("asked by %s", r.Method)
			}
			if location != "" {
				w.Header().Set("Location", location)
			}
			w.WriteHeader(status)
		}))
	}
	for _, tt := range []struct {
		name, location string
		status         int
		want           string
	}{
		{"301", other.URL, 301, "301 Moved Permanently: redirected to " + other.URL + ": set url to that"},
		{"302", other.URL + "/hook?key=secret", 302, "302 Found: redirected to " + other.URL + "/…: set url to that"},
		{"303", other.URL, 303, "303 See Other: redirected to " + other.URL + ": set url to that"},
		{"307", other.URL, 307, "307 Temporary Redirect: redirected to " + other.URL + ": set url to that"},
		{"308", "http://me:word@" + strings.TrimPrefix(other.URL, "http://"), 308, "308 Permanent Redirect: redirected to " + other.URL + ": set url to that"},
		{"nowhere", "", 302, "302 Found: a redirect to nowhere: set url to what takes the post itself"},
		{"a long name", "http://" + strings.Repeat("x", 5000) + "/", 302, "302 Found: redirected to http://" + strings.Repeat("x", 193) + "…: set url to that"},
		{"not modified", "", 304, "304 Not Modified: a redirect to nowhere: set url to what takes the post itself"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := to(tt.location, tt.status)
			defer s.Close()
			_, err := post(t, s.URL)
			if want := "post " + s.URL + ": " + tt.want + " (attempt 1)"; err == nil || err.Error() != want {
				t.Errorf("%v\nwant %s", err, want)
			}
		})
	}
	if n := heard.Load(); n > 0 {
		t.Errorf("the other host heard of it %d times", n)
	}
}

// TestWebhookSecrets has errors that must not tell what only the receiver may know: everybody reads the journal.
func TestWebhookSecrets(t *testing.T) {
	refuses := httptest.NewServer(http.NotFoundHandler())
	defer refuses.Close()
	address := strings.TrimPrefix(refuses.URL, "http://")
	for _, url := range []string{
		"http://me:pass-word@" + address + "/hook/T0-secret?key=secret",
		"http://me:pass-word@127.0.0.1:1/hook/T0-secret?key=secret",
		"http://me:pass-word@127.0.0.1:x/hook/T0-secret?key=secret",
	} {
		_, err := post(t, url)
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "word") || !strings.HasPrefix(err.Error(), "post") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestWebhookEndless has receivers that never end, and counts what was taken of them.
func TestWebhookEndless(t *testing.T) {
	const some = 16 << 20 // more than the buffers of both sockets
	for _, tt := range []struct{ name, begin, more, want, failed string }{
		{"body", "HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", 4096), "taken, attempt 1", ""},
		{"headers", "HTTP/1.1 200 OK\r\n", strings.Repeat("X-More: "+strings.Repeat("x", 100)+"\r\n", 40), "", "exceeded"},
		{"one header", "HTTP/1.1 200 OK\r\nX-More: ", strings.Repeat("x", 4096), "", "exceeded"},
		{"informational", "", "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n", "", "exceeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var most atomic.Int64
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					go func() {
						defer conn.Close()
						_, _ = conn.Read(make([]byte, 4096))
						n, _ := io.WriteString(conn, tt.begin)
						for err := error(nil); err == nil && n < some; {
							var more int
							more, err = io.WriteString(conn, tt.more)
							n += more
						}
						most.Store(max(most.Load(), int64(n)))
					}()
				}
			}()
			text, err := post(t, fmt.Sprintf("http://%s/", l.Addr()))
			if text != tt.want || (err == nil) != (tt.failed == "") || err != nil && !strings.Contains(err.Error(), tt.failed) {
				t.Errorf("%q, %v", text, err)
			}
			if n := most.Load(); n >= some {
				t.Errorf("%d bytes were taken", n)
			}
		})
	}
}
