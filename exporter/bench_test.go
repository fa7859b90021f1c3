package exporter

import (
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
)

// BenchmarkScrape is the cost of a whole scrape of a thousand virtual servers of ten real servers each, everything read anew.
func BenchmarkScrape(b *testing.B) {
	r := newRig(b, func(c *Config) {
		f := large(1000, 10)
		c.Kernel, c.Proc, c.MaxSeries = f, f, 0
	})
	checked(b, r)
	handler := r.Handler()
	b.ReportAllocs()
	for b.Loop() {
		r.clock.pass(time.Minute)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
		if recorder.Code != 200 {
			b.Fatal(recorder.Code)
		}
	}
}

// BenchmarkPage is the cost of a page for a thousand virtual servers of ten real servers each.
func BenchmarkPage(b *testing.B) {
	s := large(1000, 10)
	e := New(Config{Kernel: s, Proc: s})
	_, render := e.sources[0].Fetch(b.Context())
	b.ReportAllocs()
	series := 0
	sheet := metric.NewSheet(0)
	for b.Loop() {
		sheet.Clear()
		render(sheet)
		if err := sheet.Write(io.Discard, true); err != nil {
			b.Fatal(err)
		}
		series = sheet.Series
	}
	b.ReportMetric(float64(series), "series")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(series), "ns/series")
}
