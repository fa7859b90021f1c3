package ipvs

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// randomTable invents a table of everything that ipvsadm can write, sorted by key. The same seed gives the same table.
func randomTable(seed uint64, services, destinations int) []TableEntry {
	r := rand.New(rand.NewPCG(seed, 0))
	var all []TableEntry
	for range services {
		all = append(all, TableEntry{Service: randomService(r)})
	}
	// A mark is a service for each family.
	all = append(all,
		TableEntry{Service: Service{ServiceKey: Mark(IPv4, 7), Scheduler: "rr"}},
		TableEntry{Service: Service{ServiceKey: Mark(IPv6, 7), Scheduler: "wrr", Flags: OnePacket}})
	all, _ = unique(all, compareEntries)
	for range destinations {
		e := &all[r.IntN(len(all))]
		e.Destinations = append(e.Destinations, randomDestination(r, e.Service.ServiceKey))
	}
	for i := range all {
		all[i].Destinations, _ = unique(all[i].Destinations, compareDestinations)
	}
	return all
}

func randomService(r *rand.Rand) Service {
	var s Service
	family := pick(r, IPv4, IPv6)
	if r.IntN(4) == 0 {
		s.ServiceKey = Mark(family, 1+r.Uint32N(1<<31-1)) // ipvsadm shows larger ones as negative numbers
	} else {
		s.ServiceKey = At(pick(r, TCP, UDP, SCTP), netip.AddrPortFrom(randomAddr(r, family), uint16(1+r.IntN(65535))))
	}
	s.Scheduler = pick(r, "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf")
	for _, f := range []ServiceFlags{Sched1, Sched2, Sched3} {
		named := f != Sched3 || s.Scheduler != "sh" && s.Scheduler != "mh" // else ipvsadm has no name for it
		if named && r.IntN(4) == 0 {
			s.Flags |= f
		}
	}
	switch r.IntN(3) {
	case 0:
		s.Flags |= Persistent
		s.Timeout = time.Duration(1+r.IntN(100000)) * time.Second
		switch {
		case r.IntN(2) == 0:
		case family == IPv4 && r.IntN(4) == 0:
			s.Netmask = MaskIPv4(netip.MustParseAddr("255.0.255.0")) // with a hole, which the kernel takes
		default:
			s.Netmask = MaskBits(family, 1+r.IntN(familyBits(family)))
		}
		if s.Protocol == UDP && r.IntN(2) == 0 {
			s.PEName = "sip"
		}
		if s.FWMark == 0 && r.IntN(4) == 0 {
			s.Port = 0
		}
	case 1:
		if s.Protocol == UDP || s.FWMark != 0 {
			s.Flags |= OnePacket
		}
	}
	return s
}

func randomDestination(r *rand.Rand, k ServiceKey) Destination {
	d := Destination{Forward: pick(r, Masq, Tun, DR), Weight: pick(r, 0, 1, 100, r.Uint32N(1<<31))}
	family := k.Family
	port := k.Port
	if d.Forward == Masq {
		port = uint16(r.IntN(65536))
	}
	if d.Forward == Tun {
		family = pick(r, IPv4, IPv6)
		d.Tunnel = pick(r, Tunnel{}, Tunnel{Type: GRE, Flags: pick(r, 0, Csum)},
			Tunnel{Type: GUE, Port: uint16(1 + r.IntN(65535)), Flags: pick(r, 0, Csum, RemCsum)})
	}
	d.DestinationKey = To(netip.AddrPortFrom(randomAddr(r, family), port))
	if r.IntN(2) == 0 {
		d.UpperThreshold = r.Uint32N(1 << 31)
		d.LowerThreshold = r.Uint32N(d.UpperThreshold + 1)
	}
	return d
}

// randomAddr is an address that IPVS takes for a real server though nobody has it.
func randomAddr(r *rand.Rand, f Family) netip.Addr {
	if f == IPv4 {
		return netip.AddrFrom4([4]byte{10, byte(r.IntN(256)), byte(r.IntN(256)), byte(1 + r.IntN(254))})
	}
	a := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	for i := 4; i < len(a); i++ {
		a[i] = byte(r.IntN(256))
	}
	return netip.AddrFrom16(a)
}

func familyBits(f Family) int {
	if f == IPv4 {
		return 32
	}
	return 128
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// rules writes a table the way ipvsadm -Sn does, which leaves thresholds out; with them, as
// ipvsadm -R reads them.
func rules(table []TableEntry, thresholds bool) []string {
	var all []string
	for _, e := range table {
		all = append(all, serviceRule(e.Service))
		for _, d := range e.Destinations {
			line := destinationRule(e.Service.ServiceKey, d)
			if thresholds {
				line += fmt.Sprintf(" -x %d -y %d", d.UpperThreshold, d.LowerThreshold)
			}
			all = append(all, line)
		}
	}
	return all
}

func ruleKey(k ServiceKey) string {
	switch {
	case k.FWMark != 0 && k.Family == IPv6:
		return fmt.Sprintf("-f %d -6", k.FWMark)
	case k.FWMark != 0:
		return fmt.Sprintf("-f %d", k.FWMark)
	}
	flag := map[Protocol]string{TCP: "-t", UDP: "-u", SCTP: "--sctp-service"}[k.Protocol]
	return flag + " " + netip.AddrPortFrom(k.Addr, k.Port).String()
}

func serviceRule(s Service) string {
	line := fmt.Sprintf("-A %s -s %s", ruleKey(s.ServiceKey), s.Scheduler)
	if s.Flags&Persistent != 0 {
		line += fmt.Sprintf(" -p %d", s.Timeout/time.Second)
	}
	if s.Netmask != (Netmask{}) {
		line += " -M " + s.Netmask.String()
	}
	if s.PEName != "" {
		line += " --pe " + s.PEName
	}
	if s.Flags&OnePacket != 0 {
		line += " -o"
	}
	if own := s.Flags & (Sched1 | Sched2 | Sched3); own != 0 {
		line += " -b " + own.Names(s.Scheduler)
	}
	return line
}

func destinationRule(k ServiceKey, d Destination) string {
	method := map[ForwardMethod]string{Masq: "-m", Tun: "-i", DR: "-g"}[d.Forward]
	line := fmt.Sprintf("-a %s -r %s %s -w %d", ruleKey(k), d.DestinationKey, method, d.Weight)
	if d.Forward != Tun {
		return line
	}
	line += " --tun-type " + d.Tunnel.Type.String()
	if d.Tunnel.Type == IPIP {
		return line
	}
	if d.Tunnel.Port != 0 {
		line += fmt.Sprintf(" --tun-port %d", d.Tunnel.Port)
	}
	switch d.Tunnel.Flags {
	case 0:
		line += " --tun-nocsum"
	case Csum:
		line += " --tun-csum"
	case RemCsum:
		line += " --tun-remcsum"
	}
	return line
}
