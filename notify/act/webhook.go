package act

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Webhook posts a JSON object. It runs beside the other actions, which don't wait for it.
type Webhook struct {
	URL      string
	Attempts int
	Headers  []string // Name: value
	Host     string   // name of this host, for the receiver
	Client   *http.Client
	Pause    time.Duration // before the second attempt, then twice as long each time; 0: 200 ms
	Now      func() time.Time
}

// What a receiver may answer, in bytes. Nobody reads it but its status.
const (
	maxAnswer  = 64 << 10
	maxHeaders = 64 << 10
)

// NewClient is a client for webhooks: of its own, so that nothing else shares its connections.
func NewClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = maxHeaders
	transport.DisableKeepAlives = true
	return &http.Client{Transport: transport}
}

// Post is what a webhook sends.
type Post struct {
	Host     string    `json:"host"`
	Kind     string    `json:"kind"`
	Name     string    `json:"name"`
	State    string    `json:"state"`
	Priority int       `json:"priority"`
	At       time.Time `json:"at"`
}

// Do implements Action.
func (a Webhook) Do(ctx context.Context, c Call) (string, error) {
	body, err := json.Marshal(Post{a.Host, string(c.Kind), c.Name, string(c.State), c.Priority, a.Now()})
	if err != nil {
		return "", err
	}
	pause := a.Pause
	if pause == 0 {
		pause = 200 * time.Millisecond
	}
	for n := 1; ; n++ {
		again, err := a.post(ctx, body)
		switch {
		case err == nil:
			return fmt.Sprintf("taken, attempt %d", n), nil
		case !again || n >= a.Attempts:
			return "", fmt.Errorf("%w (attempt %d)", err, n)
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%w (attempt %d)", err, n)
		case <-time.After(pause):
			pause *= 2
		}
	}
}

// post says whether to try again: not when the receiver has understood and refused.
func (a Webhook) post(ctx context.Context, body []byte) (again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("post: url is none") // The error of url.Parse has all of it.
	}
	request.Header.Set("Content-Type", "application/json")
	for _, h := range a.Headers {
		name, value, _ := strings.Cut(h, ":")
		request.Header.Set(name, strings.TrimSpace(value))
	}
	to := place(request.URL)
	client := *a.Client
	// A redirect is not followed: a 302 makes GET of POST and drops the body (RFC 9110, 15.4.3), and what the operator has
	// configured as headers is for the host that the operator has named.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return true, fmt.Errorf("post %s: %w", to, withoutURL(err))
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer) // so that a receiver can finish
	switch s := response.StatusCode; {
	case s >= 200 && s < 300:
		return false, nil
	case s == http.StatusTooManyRequests, s >= 500:
		return true, fmt.Errorf("post %s: %s", to, status(s))
	case s >= 300 && s < 400:
		return false, fmt.Errorf("post %s: %s: %s", to, status(s), redirected(response))
	default:
		return false, fmt.Errorf("post %s: %s", to, status(s))
	}
}

// redirected says where the receiver wants to be asked.
func redirected(response *http.Response) string {
	location, err := response.Location()
	if err != nil {
		return "a redirect to nowhere: set url to what takes the post itself"
	}
	return "redirected to " + place(location) + ": set url to that"
}

// place is a URL without what may be secret: the path of a webhook often is the password. It is made of what others write.
func place(u *url.URL) string {
	short := (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		short += "/…"
	}
	const most = 200
	if len(short) > most {
		short = short[:most] + "…"
	}
	return short
}

// withoutURL is the error of a client without the URL that it begins with.
func withoutURL(err error) error {
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// status is a status in our own words: what stands beside the number is the receiver's text.
func status(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}
