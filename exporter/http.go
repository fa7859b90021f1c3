package exporter

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"github.com/lvsdns/lvsdns/internal/httpd"
)

// Handler serves /metrics, /-/healthy, /-/ready, /api/v1/state and the status page.
func (e *Exporter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", e.serveMetrics)
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { httpd.Text(w, http.StatusOK, "healthy") })
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if e.ending.Load() {
			httpd.Text(w, http.StatusServiceUnavailable, "shutting down")
			return
		}
		httpd.Text(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("GET /api/v1/state", e.serveState)
	mux.HandleFunc("GET /{$}", e.servePage)
	return mux
}

// send answers with a page that is made once for all who ask for it at the same time.
func (e *Exporter) send(w http.ResponseWriter, r *http.Request, kind string, print func(context.Context, []byte) ([]byte, error)) {
	page, err := e.press.Get(r.Context(), kind+" "+w.Header().Get("Content-Encoding")+r.URL.RawQuery, print)
	switch {
	case err != nil && r.Context().Err() != nil: // Nobody is left to tell.
	case err != nil:
		e.config.Log.Error("make a page", "page", r.URL.Path, "error", err)
		w.Header().Del("Content-Encoding")
		httpd.Text(w, http.StatusInternalServerError, "this page could not be made; the log of lvsdns-exporter says why, and the other pages are not concerned")
	default:
		w.Header().Set("Content-Type", kind)
		httpd.Send(w, r, page)
	}
}

func (e *Exporter) serveState(w http.ResponseWriter, r *http.Request) {
	e.send(w, r, "application/json", func(ctx context.Context, room []byte) ([]byte, error) {
		page := bytes.NewBuffer(room)
		encoder := json.NewEncoder(page)
		encoder.SetIndent("", "  ")
		err := encoder.Encode(e.State(ctx))
		return page.Bytes(), err
	})
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
		httpd.Text(w, http.StatusBadRequest, err.Error())
		return
	}
	format, gzipped := negotiate(r.Header), wantsGzip(r)
	if gzipped {
		w.Header().Set("Content-Encoding", "gzip")
	}
	e.send(w, r, string(format), func(ctx context.Context, room []byte) ([]byte, error) {
		page := bytes.NewBuffer(room)
		var err error
		if gzipped {
			e.zip.Reset(page)
			err = errors.Join(e.writeMetrics(ctx, e.zip, format, wanted), e.zip.Close())
		} else {
			err = e.writeMetrics(ctx, page, format, wanted)
		}
		return page.Bytes(), err
	})
}

func (e *Exporter) writeMetrics(ctx context.Context, to io.Writer, format expfmt.Format, wanted selection) error {
	open := format.FormatType() == expfmt.TypeOpenMetrics
	e.gather(ctx, e.sheet, wanted)
	if page, ok := to.(*bytes.Buffer); ok && page.Available() < e.sheet.Size() {
		// Not by Grow, which doubles: the next page is nearly as large as this one.
		*page = *bytes.NewBuffer(make([]byte, 0, e.sheet.Size()*17/16))
	}
	if err := e.sheet.Write(to, open); err != nil {
		return err
	}
	own, err := e.process.Gather()
	if err != nil {
		e.config.Log.Warn("metrics of this process", "error", err)
	}
	encoder := expfmt.NewEncoder(to, format)
	for _, f := range own {
		if !wanted.metric(f.GetName()) {
			continue
		}
		if err := encoder.Encode(f); err != nil {
			return err
		}
	}
	if open {
		_, err = io.WriteString(to, "# EOF\n")
		return err
	}
	return nil
}

// newZip makes a compressor. The pages of a large director are megabytes of text that repeats itself: the least effort takes nine
// tenths off.
func newZip() *gzip.Writer {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails only for a level that does not exist
	return z
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
		e.changes.Follow(before.changes)
	}
	s.now.Store(&face{e, e.Handler()})
}

// Now is the Exporter that is served.
func (s *Served) Now() *Exporter { return s.now.Load().Exporter }

// Server serves on these listeners. webConfig is a file for TLS and basic authentication as exporter-toolkit reads it, empty for
// neither.
func (s *Served) Server(listeners []net.Listener, webConfig string, log *slog.Logger) *httpd.Server {
	return &httpd.Server{
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.now.Load().ServeHTTP(w, r) }),
		Listeners: listeners, WebConfig: webConfig, Log: log,
		Names:  func() []string { return s.Now().config.Names },
		Ending: func() { s.Now().ending.Store(true) },
	}
}
