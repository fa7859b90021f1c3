package lvs

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

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
	if out.Forward = Forward(d.Forward.Method); out.Forward == ipvs.Tun {
		out.Tunnel = tunnel(d.Forward)
	}
	return out
}

// Forward says in the kernel's terms how a real server is reached.
func Forward(m keepalived.Method) ipvs.ForwardMethod {
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
