package exporter

import (
	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// dnsSource is the source of the DNS traffic in packets. told: name servers tell of the messages, and packets alone are shown.
func dnsSource(v *shared[dnsView], told, servicesOnly bool) source {
	return newSource("dns", v,
		whole(captureTable()),
		each(captureLinkTable(), func(v *dnsView) []capture.LinkReport { return v.Links }),
		each(socketTable(), func(v *dnsView) []socketDrops { return v.drops }),
		each(dnsTable(), func(v *dnsView) []dnsService { return v.captured(told) }),
		each(dnsServerTable(), func(v *dnsView) []dnsServer {
			if v.Role != dnscount.Director || servicesOnly {
				return nil
			}
			return v.forwarded()
		}),
	)
}

// captured is the traffic of each virtual server.
func (v *dnsView) captured(told bool) []dnsService {
	var all []dnsService
	for i := range v.Services {
		r := &v.Services[i]
		share, known := v.coverage[r.At]
		if !known {
			share = -1
		}
		all = append(all, dnsService{ServiceReport: r, coverage: share, role: v.Role, packets: told})
	}
	return all
}

// forwarded is what each real server got of it.
func (v *dnsView) forwarded() []dnsServer {
	var all []dnsServer
	for i := range v.Services {
		for _, d := range v.Services[i].Servers {
			all = append(all, dnsServer{d, v.Services[i].At})
		}
	}
	return all
}
