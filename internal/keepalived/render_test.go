package keepalived_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// render prints a table as ipvsadm -Sn does, sorted, and the thresholds behind
// the real servers that have them.
func render(services []keepalived.Service) []string {
	var lines []string
	for _, s := range services {
		if s.Unmade != nil {
			continue
		}
		key := renderKey(s)
		lines = append(lines, "-A "+key+" -s "+s.Scheduler+renderOptions(s))
		for _, d := range s.Destinations {
			lines = append(lines, fmt.Sprintf("-a %s -r %s%s", key, netip.AddrPortFrom(d.Addr, d.Port), renderForward(d)))
		}
	}
	slices.Sort(lines)
	return lines
}

func renderKey(s keepalived.Service) string {
	switch {
	case s.IsFWMark() && s.Family == keepalived.IPv6:
		return fmt.Sprintf("-f %d -6", int32(s.FWMark)) // ipvsadm has no unsigned marks.
	case s.IsFWMark():
		return fmt.Sprintf("-f %d", int32(s.FWMark))
	}
	option := map[keepalived.Protocol]string{keepalived.TCP: "-t", keepalived.UDP: "-u", keepalived.SCTP: "--sctp-service"}[s.Protocol]
	return option + " " + netip.AddrPortFrom(s.Addr, s.Port).String()
}

func renderOptions(s keepalived.Service) string {
	var b strings.Builder
	if s.Timeout > 0 {
		fmt.Fprintf(&b, " -p %d", s.Timeout)
		if m := s.Netmask; s.Family == keepalived.IPv6 && m != 128 {
			fmt.Fprintf(&b, " -M %d", m)
		} else if s.Family != keepalived.IPv6 && m != 0xffffffff {
			fmt.Fprintf(&b, " -M %d.%d.%d.%d", m>>24, m>>16&255, m>>8&255, m&255)
		}
	}
	if s.PersistenceEngine != "" {
		b.WriteString(" --pe " + s.PersistenceEngine)
	}
	if s.Flags.OnePacket {
		b.WriteString(" -o")
	}
	names := []string{"flag-1", "flag-2"}
	if s.Scheduler == "sh" || s.Scheduler == "mh" {
		names = []string{s.Scheduler + "-fallback", s.Scheduler + "-port"}
	}
	var flags []string
	for i, on := range []bool{s.Flags.Sched1, s.Flags.Sched2, s.Flags.Sched3} {
		if on {
			flags = append(flags, append(names, "flag-3")[i])
		}
	}
	if len(flags) > 0 {
		b.WriteString(" -b " + strings.Join(flags, ","))
	}
	return b.String()
}

func renderForward(d keepalived.Destination) string {
	f := d.Forward
	s := map[keepalived.Method]string{keepalived.NAT: " -m", keepalived.DR: " -g", keepalived.TUN: " -i"}[f.Method]
	s += fmt.Sprintf(" -w %d", d.Weight)
	if f.Method == keepalived.TUN {
		tunnel := f.Tunnel
		if tunnel == "" {
			tunnel = keepalived.IPIP
		}
		s += " --tun-type " + string(tunnel)
		if f.Port != 0 {
			s += fmt.Sprintf(" --tun-port %d", f.Port)
		}
		if tunnel != keepalived.IPIP {
			s += " --tun-" + string(f.Checksum)
		}
	}
	if d.UThreshold != 0 || d.LThreshold != 0 {
		s += fmt.Sprintf(" -x %d -y %d", d.UThreshold, d.LThreshold)
	}
	return s
}
