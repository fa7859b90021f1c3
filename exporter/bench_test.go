package exporter

import (
	"net/http/httptest"
	"testing"
	"time"
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
