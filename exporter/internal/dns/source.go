// Package dns answers one question: which DNS traffic did packets, name servers and rules of nftables tell of, and how much of it was seen?
package dns

import (
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// TrafficSource is the source of the DNS traffic in packets. told: name servers tell of the messages, and packets alone are shown.
func TrafficSource(v *source.Shared[TrafficView], told, servicesOnly bool) source.Source {
	return source.New("dns", v,
		metric.Whole(captureTable()),
		metric.Each(captureLinkTable(), func(v *TrafficView) []capture.LinkReport { return v.Links }),
		metric.Each(socketTable(), func(v *TrafficView) []socketDrops { return v.drops }),
		metric.Each(serviceTable(), func(v *TrafficView) []service { return v.captured(told) }),
		metric.Each(serverTable(), func(v *TrafficView) []server {
			if v.Role != dnscount.Director || servicesOnly {
				return nil
			}
			return v.forwarded()
		}),
	)
}

// captured is the traffic of each virtual server.
func (v *TrafficView) captured(told bool) []service {
	var all []service
	for i := range v.Services {
		r := &v.Services[i]
		share, known := v.coverage[r.At]
		if !known {
			share = -1
		}
		all = append(all, service{ServiceReport: r, coverage: share, role: v.Role, packets: told})
	}
	return all
}

// forwarded is what each real server got of it.
func (v *TrafficView) forwarded() []server {
	var all []server
	for i := range v.Services {
		for _, d := range v.Services[i].Servers {
			all = append(all, server{d, v.Services[i].At})
		}
	}
	return all
}
