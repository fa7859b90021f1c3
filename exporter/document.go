package exporter

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
)

// catalogue lists every metric there can be, each once: the DNS traffic of a virtual server has two sources.
func (e *Exporter) catalogue() []metric.Described {
	var all []metric.Described
	known := map[string]bool{}
	add := func(metrics []metric.Described) {
		for _, d := range metrics {
			if !known[d.Name] {
				known[d.Name] = true
				all = append(all, d)
			}
		}
	}
	for _, s := range e.all {
		add(s.Metrics)
	}
	add(source.Table().Describe())
	add(selfTable().Describe())
	return all
}

// document is docs/metrics.md.
func (e *Exporter) document() []byte {
	var b strings.Builder
	b.WriteString(`# Metrics

What lvsdns-exporter serves at /metrics, by subject. [exporter.md](exporter.md) says how to run it
and what the numbers mean; [glossary.md](glossary.md) explains the terms. This file is made from the
tables in the code: ` + "`go test ./exporter -run Document -update`" + `.

- A virtual server is named by the labels vip, vport, proto (udp, tcp, sctp, or fwm for a firewall
  mark), fwmark (decimal; empty for an address) and family (ipv4 or ipv6). A real server has rip and
  rport as well. To Prometheus an empty label is the same as none.
- Settings that may change while a server lives, such as its scheduler, are values or labels of an
  _info metric, never labels of a counter.
- A metric that would be untrue is absent, not 0.
- In OpenMetrics, lvsdns_ipvs_real_server_connections_total has no type: the name of its family
  would be that of the gauge lvsdns_ipvs_real_server_connections, which the format forbids. The
  samples are the same.
`)
	subject := ""
	for _, d := range e.catalogue() {
		if d.Subject != subject {
			subject = d.Subject
			fmt.Fprintf(&b, "\n## Of %s\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n", subject)
		}
		labels := cmp.Or(strings.Join(d.Labels, ", "), "none")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Kind, labels, strings.ReplaceAll(d.Help, "|", "\\|"))
	}
	b.WriteString(`
## Of the process

` + "`go_*` and `process_*`" + ` are those of every program that uses client_golang: memory, processor time,
file descriptors, goroutines.
`)
	return []byte(b.String())
}
