package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/dashboards"
	"github.com/lvsdns/lvsdns/internal/labtest"
)

// observe starts the exporters, where a Prometheus outside of the guest finds them: one on the director, and one on each real
// server, past which alone responses come with direct routing.
func (s *stage) observe(k *labtest.Keepalived) {
	// The table is small: look at its connections as often as at the rest, so that a mended director is seen to be calm at once.
	s.director.Exporter(k, "--connections.interval=5s", "--dns.capture")
	for _, server := range s.servers {
		server.ServerExporter("--dns.capture", "--conntrack.passes=false", "--connections.interval=0s")
	}
	s.observed, s.watched = true, s.lan.Uplink()
}

// announce waits for Prometheus's first scrape and says where the pages are.
func (s *stage) announce() {
	if !s.watched {
		fmt.Print("   this guest has no link to a Prometheus outside\n")
		return
	}
	took := s.lab.WaitFor("a scrape of the exporter by Prometheus", patience, func() bool { return s.value(`up{job="lvsdns"}`) == 1 })
	fmt.Printf("Prometheus has scraped the exporter, after %v more\n", tenths(took))
	s.places()
}

func (s *stage) places() {
	if s.watched {
		fmt.Printf("   status page: %s\n   Prometheus:  %s\n", os.Getenv(statusURL), os.Getenv(prometheusURL))
	}
}

// alerted waits until Prometheus knows that a server is down, and says so.
func (s *stage) alerted(broken server) {
	if !s.watched {
		return
	}
	alert := fmt.Sprintf(`ALERTS{alertname="LvsdnsRealServerDown",rip=%q}`, broken.rip())
	took := s.lab.WaitFor("an alert on "+broken.Name, patience, func() bool { return s.value("count("+alert+")") > 0 })
	fmt.Printf(
		"   Prometheus has the alert LvsdnsRealServerDown for %s, after %v more; it fires when that lasts a minute\n",
		broken.Name, tenths(took),
	)
}

// report looks at what was observed as an operator would. A page that lacks something ends the demo.
func (s *stage) report(t traffic) {
	fmt.Print("\nWhat was observed:\n")
	s.counted(t)
	for _, server := range s.servers {
		s.lab.WaitFor(server.Name+" in both tables on the exporter's page", patience, func() bool { return s.shown(server) == 2 })
		fmt.Printf("   the exporter's page shows %s, %s, in both tables with weight 1\n", server.Name, server.rip())
	}
	if !s.watched {
		fmt.Print("   Prometheus: nothing, there was none\n")
		return
	}
	if up := s.value(`up{job="lvsdns"}`); up != 1 {
		s.lab.Fatalf("Prometheus cannot scrape the exporter: up is %v", up)
	}
	fmt.Printf("   Prometheus has scraped it %.0f times in the last 10 minutes, up is 1\n", s.value(`count_over_time(up{job="lvsdns"}[10m])`))
	fmt.Printf("   %d rules, alerts and recorded shares, are evaluated without an error\n", s.rules())
	s.queries()
	s.recorded()
	s.calm()
}

// calm waits until only the alerts are left that a mended director must have after so many failures, because they look back.
func (s *stage) calm() {
	const flapping = "LvsdnsRealServerFlapping" // looks back 15 minutes
	// These look back five minutes and ten. The first is the broken server's; the others are there if this machine was so busy that packets
	// were lost.
	over := []string{"LvsdnsServfailShare", "LvsdnsCaptureDrops", "LvsdnsCaptureCoverageLow"}
	var left []string
	said := ""
	s.lab.WaitFor("the alerts to be over", patience, func() bool {
		var all struct {
			Alerts []struct{ Labels map[string]string }
		}
		if err := s.api("alerts", nil, &all); err != nil {
			return false
		}
		left = nil
		others := ""
		for _, a := range all.Alerts {
			switch name := a.Labels["alertname"]; {
			case name == flapping:
				left = append(left, name)
			case !slices.Contains(over, name):
				others += fmt.Sprintf(" %s on %s", name, a.Labels["instance"])
			}
		}
		if others != said && others != "" {
			fmt.Printf("   alerts that are not over yet:%s\n", others)
		}
		said = others
		return others == ""
	})
	if len(left) > 0 {
		fmt.Printf(
			"   all is mended, and the only alert left is %s, for %d checks: they went up and down as the demo broke and mended them\n",
			flapping, len(left),
		)
		return
	}
	fmt.Print("   all is mended, and no alert is left\n")
}

// shown counts the tables in which the exporter's page has the server with weight 1.
func (s *stage) shown(server server) (tables int) {
	page, err := s.clients[0].Get(s.lab.Context(), "http://"+statusPage+"/metrics")
	if err != nil {
		return 0 // WaitFor asks again, and says what it waited for
	}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "lvsdns_ipvs_real_server_weight{") && strings.Contains(line, `rip="`+server.rip()+`"`) &&
			strings.HasSuffix(line, "} 1\n") {
			tables++
		}
	}
	return tables
}

// rules asks Prometheus how the evaluation of each rule went.
func (s *stage) rules() (n int) {
	var all struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	if err := s.api("rules", nil, &all); err != nil {
		s.lab.Fatalf("%v", err)
	}
	for _, g := range all.Groups {
		for _, r := range g.Rules {
			if n++; r.Health != "ok" {
				s.lab.Fatalf("Prometheus says of the rule %s: %s %s", r.Name, r.Health, r.LastError)
			}
		}
	}
	if n == 0 {
		s.lab.Fatalf("Prometheus has no alerts")
	}
	return n
}

// queries runs those of the dashboard. Each must be valid, and have data unless no data is good news.
func (s *stage) queries() {
	var empty []string
	all := dashboards.Overview().Queries("1m")
	for _, q := range all {
		result, err := s.query(q.Expr)
		switch {
		case err != nil:
			s.lab.Fatalf("panel %q of the dashboard: %v", q.Panel, err)
		case len(result) > 0:
		case q.Sparse:
			empty = append(empty, strconv.Quote(q.Panel))
		default:
			s.lab.Fatalf("panel %q of the dashboard has no data: %s", q.Panel, q.Expr)
		}
	}
	fmt.Printf("   %d queries of the dashboard are valid and have data", len(all)-len(empty))
	if len(empty) > 0 {
		fmt.Printf(", %d have none because there is nothing to show: %s", len(empty), strings.Join(slices.Compact(empty), ", "))
	}
	fmt.Println()
}

// value is that of the first series, 0 if there is none or Prometheus is not up yet.
func (s *stage) value(expr string) float64 {
	result, err := s.query(expr)
	if err != nil || len(result) == 0 {
		return 0
	}
	return result[0]
}

func (s *stage) query(expr string) ([]float64, error) {
	var answer struct {
		Result []struct{ Value [2]any }
	}
	if err := s.api("query", url.Values{"query": {expr}}, &answer); err != nil {
		return nil, err
	}
	var values []float64
	for _, r := range answer.Result {
		text, _ := r.Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("query %s: %w", expr, err)
		}
		values = append(values, v)
	}
	return values, nil
}

// api asks Prometheus, from a client's place on the LAN.
func (s *stage) api(what string, arguments url.Values, into any) error {
	ctx, cancel := context.WithTimeout(s.lab.Context(), 20*time.Second)
	defer cancel()
	body, err := s.clients[0].Get(ctx, "http://"+prometheusPage+"/api/v1/"+what+"?"+arguments.Encode())
	if err != nil {
		return err
	}
	answer := struct {
		Status, Error string
		Data          any
	}{Data: into}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("prometheus: %s: %w", what, err)
	}
	if answer.Status != "success" {
		return fmt.Errorf("prometheus: %s %v: %s", what, arguments, answer.Error)
	}
	return nil
}
