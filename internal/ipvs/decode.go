package ipvs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// decodeService reads what is within attrService.
func decodeService(b []byte, s *Service) error {
	*s = Service{}
	var addr, narrow, wide []byte
	var mask uint32
	var masked bool
	w := walker{rest: b}
	for w.next() {
		switch w.kind {
		case svcFamily:
			s.Family = Family(w.uint16())
		case svcProtocol:
			s.Protocol = Protocol(w.uint16())
		case svcAddr:
			addr = w.value
		case svcPort:
			s.Port = w.port()
		case svcFWMark:
			s.FWMark = w.uint32()
		case svcScheduler:
			s.Scheduler = schedulerName(w.text())
		case svcFlags: // struct ip_vs_flags: the flags, then a mask
			if len(w.value) < 4 {
				w.fail(errLength)
				break
			}
			s.Flags = ServiceFlags(binary.NativeEndian.Uint32(w.value))
		case svcTimeout:
			s.Timeout = seconds(w.uint32())
		case svcNetmask:
			mask, masked = w.uint32(), true
		case svcPEName:
			s.PEName = string(w.text())
		case svcStats:
			narrow = w.value
		case svcStats64:
			wide = w.value
		}
	}
	if w.err != nil {
		return w.err
	}
	if s.FWMark == 0 || addr != nil {
		var err error
		if s.Addr, err = address(s.Family, addr); err != nil {
			return err
		}
	}
	if s.FWMark != 0 { // a kernel that tells more than the mark would break the key
		s.ServiceKey = Mark(s.Family, s.FWMark)
	}
	if masked {
		s.Netmask = wireNetmask(s.Family, mask)
	}
	return decodeStats(narrow, wide, &s.Stats)
}

// decodeDestination reads what is within attrDest, for a service of family f.
func decodeDestination(b []byte, f Family, d *Destination) error {
	*d = Destination{}
	var addr, narrow, wide []byte
	w := walker{rest: b}
	for w.next() {
		switch w.kind {
		case destAddr:
			addr = w.value
		case destPort:
			d.Port = w.port()
		case destForward:
			d.Forward = ForwardMethod(w.uint32())
		case destWeight:
			d.Weight = w.uint32()
		case destUpper:
			d.UpperThreshold = w.uint32()
		case destLower:
			d.LowerThreshold = w.uint32()
		case destActive:
			d.Active = w.uint32()
		case destInactive:
			d.Inactive = w.uint32()
		case destPersistent:
			d.Persistent = w.uint32()
		case destStats:
			narrow = w.value
		case destFamily: // absent before Linux 3.18, where it is the service's
			f = Family(w.uint16())
		case destStats64:
			wide = w.value
		case destTunType:
			d.Tunnel.Type = TunnelType(w.uint8())
		case destTunPort:
			d.Tunnel.Port = w.port()
		case destTunFlags:
			d.Tunnel.Flags = TunnelFlags(w.uint16())
		}
	}
	if w.err != nil {
		return w.err
	}
	var err error
	if d.Addr, err = address(f, addr); err != nil {
		return err
	}
	return decodeStats(narrow, wide, &d.Stats)
}

// decodeStats reads the 64-bit counters if the kernel has them, else the narrow ones.
func decodeStats(narrow, wide []byte, s *Stats) error {
	w := walker{rest: narrow}
	if wide != nil {
		w.rest, s.Wide = wide, true
	}
	for w.next() {
		switch w.kind {
		case statConns:
			s.Connections = w.uint64()
		case statInPackets:
			s.InPackets = w.uint64()
		case statOutPackets:
			s.OutPackets = w.uint64()
		case statInBytes:
			s.InBytes = w.uint64()
		case statOutBytes:
			s.OutBytes = w.uint64()
		case statConnRate:
			s.ConnectionRate = w.uint64()
		case statInPacketRate:
			s.InPacketRate = w.uint64()
		case statOutPacketRate:
			s.OutPacketRate = w.uint64()
		case statInByteRate:
			s.InByteRate = w.uint64()
		case statOutByteRate:
			s.OutByteRate = w.uint64()
		}
	}
	return w.err
}

// decodeDaemon reads what is within attrDaemon.
func decodeDaemon(b []byte, d *Daemon) error {
	*d = Daemon{}
	var err error
	w := walker{rest: b}
	for w.next() && err == nil {
		switch w.kind {
		case daemonRole:
			d.Role = DaemonRole(w.uint32())
		case daemonInterface:
			d.Interface = string(w.text())
		case daemonSyncID:
			d.SyncID = w.uint32()
		case daemonMaxLength:
			d.MaxLength = w.uint16()
		case daemonGroup:
			d.Group, err = address(IPv4, w.value)
		case daemonGroup6:
			d.Group, err = address(IPv6, w.value)
		case daemonPort: // in host byte order, alone among the ports
			d.Port = w.uint16()
		case daemonTTL:
			d.TTL = w.uint8()
		}
	}
	return errors.Join(w.err, err)
}

// decodeTimeouts reads the attributes of the answer to cmdGetConfig.
func decodeTimeouts(b []byte, t *Timeouts) error {
	*t = Timeouts{}
	w := walker{rest: b}
	for w.next() {
		switch w.kind {
		case attrTimeoutTCP:
			t.TCP = seconds(w.uint32())
		case attrTimeoutTCPFin:
			t.TCPFin = seconds(w.uint32())
		case attrTimeoutUDP:
			t.UDP = seconds(w.uint32())
		}
	}
	return w.err
}

// decodeInfo reads the attributes of the answer to cmdGetInfo.
func decodeInfo(b []byte, i *Info) error {
	*i = Info{}
	w := walker{rest: b}
	for w.next() {
		switch w.kind {
		case infoVersion:
			v := w.uint32()
			i.Version = fmt.Sprintf("%d.%d.%d", v>>16&0xff, v>>8&0xff, v&0xff)
		case infoConnTabSize:
			i.ConnectionTableSize = w.uint32()
		}
	}
	return w.err
}

// within finds the first attribute of a kind among those of b.
func within(b []byte, kind uint16) ([]byte, error) {
	w := walker{rest: b}
	for w.next() {
		if w.kind == kind {
			return w.value, nil
		}
	}
	if w.err != nil {
		return nil, w.err
	}
	return nil, errNothing
}

var errNothing = errors.New("message holds nothing of what was asked for")

func seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }

// schedulerName is the name as a string that is not allocated for each service: a table has many
// services and few schedulers.
func schedulerName(b []byte) string {
	for _, name := range [...]string{"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "twos"} {
		if string(b) == name {
			return name
		}
	}
	if string(b) == noScheduler {
		return ""
	}
	return string(b)
}

// noScheduler is what the kernel calls the scheduler of a service that has none.
const noScheduler = "none"

// wireNetmask reads the kernel's number for a netmask: an IPv4 mask in network byte order, or an IPv6
// prefix length in the host's.
func wireNetmask(f Family, n uint32) Netmask {
	if f == IPv4 {
		var b [4]byte
		binary.NativeEndian.PutUint32(b[:], n)
		return MaskIPv4(netip.AddrFrom4(b))
	}
	return netmask(f, n)
}
