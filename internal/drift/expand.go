package drift

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
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
		v := virtual{Service: Service(s), vs: s.Of, servers: make([]server, 0, len(s.Destinations)+1)}
		for _, d := range s.Destinations {
			v.servers = append(v.servers, server{Destination: Destination(d), rs: d.Of, sorry: d.Of == d.In.Sorry})
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
	d := Destination(keepalived.Destination{Addr: r.Addr, Port: port, Weight: r.Weight.V, Forward: r.Forward.V, UThreshold: r.UThreshold.V, LThreshold: r.LThreshold.V})
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

// Service says in the kernel's terms what keepalived asks for.
func Service(s keepalived.Service) ipvs.Service {
	family := ipvs.IPv4
	if s.Family == keepalived.IPv6 {
		family = ipvs.IPv6
	}
	k := ipvs.Mark(family, s.FWMark)
	if !s.IsFWMark() {
		k = ipvs.At(protocol(s.Protocol), netip.AddrPortFrom(s.Addr, s.Port))
	}
	out := ipvs.Service{ServiceKey: k, Scheduler: s.Scheduler, PEName: s.PersistenceEngine, Timeout: time.Duration(s.Timeout) * time.Second}
	for _, f := range [...]struct {
		flag ipvs.ServiceFlags
		set  bool
	}{
		{ipvs.Persistent, s.Timeout != 0}, {ipvs.OnePacket, s.Flags.OnePacket},
		{ipvs.Sched1, s.Flags.Sched1}, {ipvs.Sched2, s.Flags.Sched2}, {ipvs.Sched3, s.Flags.Sched3},
	} {
		if f.set {
			out.Flags |= f.flag
		}
	}
	if family == ipvs.IPv6 {
		out.Netmask = ipvs.MaskBits(family, int(s.Netmask))
	} else {
		var mask [4]byte
		binary.BigEndian.PutUint32(mask[:], s.Netmask)
		out.Netmask = ipvs.MaskIPv4(netip.AddrFrom4(mask))
	}
	return out
}

func protocol(p keepalived.Protocol) ipvs.Protocol {
	switch p {
	case keepalived.TCP:
		return ipvs.TCP
	case keepalived.SCTP:
		return ipvs.SCTP
	default:
		return ipvs.UDP // what keepalived takes when there is none
	}
}

// Destination says in the kernel's terms which real server keepalived asks for.
func Destination(d keepalived.Destination) ipvs.Destination {
	out := ipvs.Destination{
		DestinationKey: ipvs.To(netip.AddrPortFrom(d.Addr, d.Port)),
		Weight:         uint32(d.Weight), UpperThreshold: d.UThreshold, LowerThreshold: d.LThreshold,
	}
	if out.Forward = forward(d.Forward.Method); out.Forward == ipvs.Tun {
		out.Tunnel = tunnel(d.Forward)
	}
	return out
}

func forward(m keepalived.Method) ipvs.ForwardMethod {
	switch m {
	case keepalived.DR:
		return ipvs.DR
	case keepalived.TUN:
		return ipvs.Tun
	default:
		return ipvs.Masq
	}
}

func tunnel(f keepalived.Forwarding) ipvs.Tunnel {
	var t ipvs.Tunnel
	switch f.Tunnel {
	case keepalived.GUE:
		t.Type, t.Port = ipvs.GUE, f.Port
	case keepalived.GRE:
		t.Type = ipvs.GRE
	default:
		return t
	}
	switch f.Checksum {
	case keepalived.WithChecksum:
		t.Flags = ipvs.Csum
	case keepalived.RemoteChecksum:
		t.Flags = ipvs.RemCsum
	case keepalived.NoChecksum:
	}
	return t
}
