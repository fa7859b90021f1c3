package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// metrics is what lvsdns-exporter has counted: messages of DNS, and what its ring had no room for.
func metrics(r *running) (c counted, err error) {
	dial := func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		err = netns.Do(r.cable.server, func() error {
			conn, err = (&net.Dialer{}).DialContext(ctx, network, addr)
			return err
		})
		return conn, err
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
	response, err := client.Get("http://127.0.0.1:9741/metrics")
	if err != nil {
		return c, fmt.Errorf("%w: %s", err, &r.out)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		return c, err
	}
	return readMetrics(string(page)), nil
}

func readMetrics(page string) (c counted) {
	for line := range strings.Lines(page) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			continue
		}
		switch name, _, _ = strings.Cut(name, "{"); name {
		case "lvsdns_dns_queries_total", "lvsdns_dns_responses_total":
			c.known = true
			c.packets += int(n)
		case "lvsdns_capture_drops_total":
			c.drops += int(n)
		}
	}
	return c
}
