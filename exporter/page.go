package exporter

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"
	"net/http"
	"time"
)

//go:embed web/page.html
var pageHTML string

// maxShown bounds the page, not the metrics: nobody reads a table of a thousand virtual servers.
const maxShown = 200

func (e *Exporter) servePage(w http.ResponseWriter, r *http.Request) {
	page, err := renderPage(e.State(r.Context()))
	if err != nil {
		e.config.Log.Error("status page", "error", err)
		plain(w, http.StatusInternalServerError, "the page could not be made; /metrics and /api/v1/state are not concerned")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	// No script at all: what a check reports of a foreign server's answer is on this page.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(page)
}

// renderPage makes the page whole before any of it is sent.
func renderPage(s State) ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"ago":    func(t time.Time) string { return ago(s.Time.Sub(t)) },
		"number": number,
		"millis": func(seconds float64) string { return fmt.Sprintf("%.1f ms", seconds*1000) },
	}).Parse(pageHTML)
	if err != nil {
		return nil, err
	}
	shown := struct {
		State
		More int // virtual servers that are not shown
		Down int // sources
	}{State: s}
	if more := len(s.VirtualServers) - maxShown; more > 0 {
		shown.VirtualServers, shown.More = s.VirtualServers[:maxShown], more
	}
	for _, source := range s.Sources {
		if !source.Up {
			shown.Down++
		}
	}
	var b bytes.Buffer
	if err := t.Execute(&b, shown); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	default:
		return fmt.Sprintf("%d h ago", d/time.Hour)
	}
}

// number writes large numbers as people say them: 1234567 is 1.2 M.
func number(n uint64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if x := float64(n) / unit.size; x >= 1 {
			return fmt.Sprintf("%.1f %s", x, unit.name)
		}
	}
	return fmt.Sprint(n)
}
