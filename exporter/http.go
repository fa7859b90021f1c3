package exporter

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/exporter-toolkit/web"
)

// Handler serves /metrics, /-/healthy, /-/ready, /api/v1/state and the status page.
func (e *Exporter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", e.serveMetrics)
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "healthy") })
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if e.ending.Load() {
			plain(w, http.StatusServiceUnavailable, "shutting down")
			return
		}
		plain(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("GET /api/v1/state", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(e.State(r.Context())) // Whoever asked has gone: nobody is left to tell.
	})
	mux.HandleFunc("GET /{$}", e.servePage)
	return mux
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

// negotiate takes the first of the formats that are written here which the reader wants; text for one who does not care.
func negotiate(h http.Header) expfmt.Format {
	accepted := []expfmt.Format{expfmt.NewFormat(expfmt.TypeTextPlain)}
	for _, version := range []string{expfmt.OpenMetricsVersion_1_0_0, expfmt.OpenMetricsVersion_0_0_1} {
		if f, err := expfmt.NewOpenMetricsFormat(version); err == nil {
			accepted = append(accepted, f)
		}
	}
	return expfmt.NegotiateAccept(h, accepted...)
}

// serveMetrics writes text or OpenMetrics.
func (e *Exporter) serveMetrics(w http.ResponseWriter, r *http.Request) {
	wanted, err := e.selected(r.URL.Query())
	if err != nil {
		plain(w, http.StatusBadRequest, err.Error())
		return
	}
	format := negotiate(r.Header)
	open := format.FormatType() == expfmt.TypeOpenMetrics
	s := e.sheets.Get().(*sheet)
	defer e.sheets.Put(s)
	e.gather(r.Context(), s, wanted)

	w.Header().Set("Content-Type", string(format))
	var body io.Writer = w
	if wantsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		// The pages of a large director are megabytes of text that repeats itself: the least effort takes nine tenths off.
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // fails only for a level that does not exist
		defer z.Close()
		body = z
	}
	// An error from here on is that the reader has gone: nobody is left to tell.
	_ = s.write(body, open)
	own, err := e.process.Gather()
	if err != nil {
		e.config.Log.Warn("metrics of this process", "error", err)
	}
	encoder := expfmt.NewEncoder(body, format)
	for _, f := range own {
		if wanted.metric(f.GetName()) {
			_ = encoder.Encode(f)
		}
	}
	if open {
		_, _ = io.WriteString(body, "# EOF\n")
	}
}

func wantsGzip(r *http.Request) bool {
	for word := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.ReplaceAll(word, " ", ""), ";q=")
		if q, err := strconv.ParseFloat(quality, 64); name == "gzip" && (err != nil || q > 0) {
			return true
		}
	}
	return false
}

// processRegistry holds what client_golang knows of this process: memory, file descriptors, goroutines.
func processRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// CheckWebConfig says in one line what is wrong with a file for TLS and basic authentication, before anything is served.
// No file is no error.
func CheckWebConfig(file string) error {
	err := web.Validate(file)
	if err == nil {
		return nil
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	if strings.HasPrefix(text, "crypto/bcrypt") {
		text += "; want hashes in place of passwords, as htpasswd -nB makes them"
	}
	return fmt.Errorf("web.config.file %s: %s", file, text)
}

// Serve serves an Exporter until ctx ends: see [Served.Serve].
func (e *Exporter) Serve(ctx context.Context, listeners []net.Listener, webConfig string, log *slog.Logger) error {
	var s Served
	s.Use(e)
	return s.Serve(ctx, listeners, webConfig, log)
}

// Served is what is served: an Exporter, which may become another one meanwhile. Its zero value serves nothing; Use comes first.
type Served struct{ now atomic.Pointer[face] }

// face is an Exporter as a client sees it.
type face struct {
	*Exporter
	http.Handler
}

// Use serves e from now on. Requests under way are answered by the one before, and what that has said of a source in the log is not said again.
func (s *Served) Use(e *Exporter) {
	if before := s.now.Load(); before != nil {
		e.changes.last = before.changes.known()
	}
	s.now.Store(&face{e, e.Handler()})
}

// Now is the Exporter that is served.
func (s *Served) Now() *Exporter { return s.now.Load().Exporter }

// Serve serves until ctx ends, then lets requests under way finish. webConfig is a file for
// TLS and basic authentication as exporter-toolkit reads it, empty for neither.
func (s *Served) Serve(ctx context.Context, listeners []net.Listener, webConfig string, log *slog.Logger) error {
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.now.Load().ServeHTTP(w, r) }),
		ReadHeaderTimeout: 10 * time.Second,
		// Above what the sources may take (a minute at most, by sources.timeout) together with a slow reader of a large page.
		WriteTimeout: 2 * time.Minute,
		IdleTimeout:  5 * time.Minute,
		ErrorLog:     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		s.Now().ending.Store(true)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
	})
	err := web.ServeMultiple(listeners, server, &web.FlagConfig{WebConfigFile: &webConfig}, log)
	if stop() { // ctx is still alive: the server ended by itself, and with it all other listeners
		_ = server.Close()
		return err
	}
	<-drained
	return nil
}
