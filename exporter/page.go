package exporter

import (
	"bytes"
	"context"
	_ "embed" // the page
	"fmt"
	"html/template"
	"net/http"
	"time"
)

//go:embed web/page.html
var pageHTML string

// servePage shows the state, of all virtual servers or of those that ?q= finds.
func (e *Exporter) servePage(w http.ResponseWriter, r *http.Request) {
	// No script at all: what a check reports of a foreign server's answer is on this page.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
	e.send(w, r, "text/html; charset=utf-8", func(ctx context.Context, room []byte) ([]byte, error) {
		page := bytes.NewBuffer(room)
		err := e.page.Execute(page, shown(e.State(ctx), r.URL.Query().Get("q")))
		return page.Bytes(), err
	})
}

// pageTemplate is the page, parsed. That it can be parsed every test shows.
func pageTemplate() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"ago":    ago,
		"number": number,
		"millis": func(seconds float64) string { return fmt.Sprintf("%.1f ms", seconds*1000) },
	}).Parse(pageHTML))
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
