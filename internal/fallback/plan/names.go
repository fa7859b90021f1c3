package plan

import (
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// Names are the services and real servers that a configuration names, in the kernel's terms: all that may ever be
// ours. A service without real servers has an empty map.
type Names map[ipvs.ServiceKey]map[ipvs.DestinationKey]Name

// Name is where a real server is configured.
type Name struct {
	Virtual *keepalived.VirtualServer
	Server  *keepalived.RealServer // or the virtual server's Sorry
}

// NamesOf lists the names of a configuration.
func NamesOf(c *keepalived.Config) Names {
	names := Names{}
	for _, sorry := range []bool{false, true} {
		for _, s := range c.Table(keepalived.State{Sorry: func(*keepalived.VirtualServer) bool { return sorry }}) {
			k := lvs.Service(s).ServiceKey
			servers := names[k]
			if servers == nil {
				servers = make(map[ipvs.DestinationKey]Name, len(s.Destinations))
				names[k] = servers
			}
			for _, d := range s.Destinations {
				at := lvs.Destination(d).DestinationKey
				if _, known := servers[at]; !known {
					servers[at] = Name{d.In, d.Of}
				}
			}
		}
	}
	return names
}
