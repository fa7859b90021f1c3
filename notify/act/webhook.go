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
		return false, fmt.Errorf("post to %s: %w", origin(a.URL), bare(err))
	}
	request.Header.Set("Content-Type", "application/json")
	for _, h := range a.Headers {
		name, value, _ := strings.Cut(h, ":")
		request.Header.Set(name, strings.TrimSpace(value))
	}
	response, err := a.Client.Do(request)
	if err != nil {
		return true, fmt.Errorf("post to %s: %w", origin(a.URL), bare(err))
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16))
	switch s := response.StatusCode; {
	case s < 300:
		return false, nil
	case s == http.StatusTooManyRequests, s >= 500:
		return true, fmt.Errorf("post to %s: %s", origin(a.URL), status(s))
	default:
		return false, fmt.Errorf("post to %s: %s", origin(a.URL), status(s))
	}
}

// origin is what everybody may know of a URL: user, password, path and query may each be what lets us in.
func origin(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "its URL"
	}
	return u.Scheme + "://" + u.Host
}

// bare is an error of package net/http without the URL that is in it.
func bare(err error) error {
	if with := (*url.Error)(nil); errors.As(err, &with) {
		return with.Err
	}
	return err
}

// status is a status in our words: those of the receiver may repeat what it was sent.
func status(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}
