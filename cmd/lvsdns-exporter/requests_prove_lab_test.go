//go:build lab && prove

package main_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTenThousandRequests asks the exporter of a small director for its metrics 10,000 times in ten seconds, by fifty connections that
// stay open. Each answer is whole, and the exporter is not larger after it.
func TestTenThousandRequests(t *testing.T) {
	const requests, readers, every = 10_000, 50, time.Millisecond
	r := newRig(t)
	r.director.IPVSAdm(bigTable(2, 2)...)
	r.startWith("--sources.share", "1s")
	page := func(client *http.Client) error {
		resp, err := client.Get("http://127.0.0.1:9741/metrics")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "lvsdns_ipvs_real_server_weight{") {
			return fmt.Errorf("%s, %d bytes", resp.Status, len(body))
		}
		return nil
	}
	before := memory(t, r.exporter.PID(), "VmRSS")

	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		took   []time.Duration
		failed []error
		turns  = make(chan struct{}, requests)
	)
	for range readers {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{DialContext: func(_ context.Context, network, addr string) (net.Conn, error) {
				return r.director.Dial(network, addr)
			}}}
			defer client.CloseIdleConnections()
			for range turns {
				start := time.Now()
				err := page(client)
				mu.Lock()
				took = append(took, time.Since(start))
				if err != nil {
					failed = append(failed, err)
				}
				mu.Unlock()
			}
		})
	}
	start := time.Now()
	for i := range requests {
		time.Sleep(time.Until(start.Add(time.Duration(i) * every)))
		turns <- struct{}{}
	}
	close(turns)
	all.Wait()
	slices.Sort(took)
	t.Logf("%d requests in %.1f s; half were answered within %v, 99 of 100 within %v, all within %v", len(took), time.Since(start).Seconds(),
		took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
	t.Logf("the exporter: %d MB before, %d MB after, %d MB at its most", before>>20, memory(t, r.exporter.PID(), "VmRSS")>>20, memory(t, r.exporter.PID(), "VmHWM")>>20)
	if len(failed) > 0 {
		t.Errorf("%d requests failed, the first: %v", len(failed), failed[0])
	}
	if after := memory(t, r.exporter.PID(), "VmRSS"); after > before+64<<20 {
		t.Errorf("the exporter has %d MB after the requests, %d MB before", after>>20, before>>20)
	}
}
