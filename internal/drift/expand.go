package drift

import (
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// virtual is one service that the configuration orders, with what keepalived
// believes of its virtual server.
type virtual struct {
	ipvs.Service
	vs       *keepalived.VirtualServer
	believed *keepalived.BelievedVS // nil: unknown
	servers  []server
}

// server is one real server of a service, in the kernel's terms with its
// configured weight.
type server struct {
	ipvs.Destination
	rs       *keepalived.RealServer
	believed *keepalived.BelievedRS // nil: unknown
	sorry    bool
}

// expand is [keepalived.Config.Desired] with every real server in it, each entry
// with the blocks that it comes from.
func expand(c *keepalived.Config) []virtual {
	desired := c.Desired(nil)
	all := make([]virtual, 0, len(desired))
	for _, s := range desired {
		v := virtual{Service: lvs.Service(s), vs: s.Of, servers: make([]server, 0, len(s.Destinations)+1)}
		for _, d := range s.Destinations {
			v.servers = append(v.servers, server{Destination: lvs.Destination(d), rs: d.Of, sorry: d.Of == d.In.Sorry})
		}
		v.addSorry()
		all = append(all, v)
	}
	return all
}

// addSorry adds the sorry server that waits outside the kernel.
func (v *virtual) addSorry() {
	r := v.vs.Sorry
	if r == nil {
		return
	}
	port := r.Port
	if r.Forward.V.Method != keepalived.NAT {
		port = v.Port
	}
	d := lvs.Destination(keepalived.Destination{Addr: r.Addr, Port: port, Weight: r.Weight.V, Forward: r.Forward.V, UThreshold: r.UThreshold.V, LThreshold: r.LThreshold.V})
	if v.find(d.DestinationKey) == nil {
		v.servers = append(v.servers, server{Destination: d, rs: r, sorry: true})
	}
}

func (v *virtual) find(k ipvs.DestinationKey) *server {
	for i := range v.servers {
		if v.servers[i].DestinationKey == k {
			return &v.servers[i]
		}
	}
	return nil
}
