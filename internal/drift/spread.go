package drift

import (
	"fmt"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// spreading looks at a virtual_server block whose scheduler does not do with DNS what its name promises.
func (c *comparison) spreading(v *virtual) {
	report := func(kind Kind, mend, text string, args ...any) {
		name := fmt.Sprintf("virtual server %s%s ", v.ServiceKey, at(v.vs.Pos))
		c.add(Difference{Kind: kind, Service: v.ServiceKey, Pos: v.vs.Pos, Text: name + fmt.Sprintf(text, args...), Mend: mend + ", then " + reloadKeepalived})
	}
	if n := v.serving(); n > 1 {
		if why, mend := oneServer(v.Service, v.udp()); why != "" {
			what := "all queries"
			if v.FWMark != 0 {
				what += " over UDP"
			}
			report(OneServer, mend, "sends %s to one of its %d real servers, as long as that is there: %s", what, n, why)
		}
	}
	if s := v.hashesToZero(); s != nil {
		report(HashToZero, fmt.Sprintf("set %s-fallback in the virtual_server", v.Scheduler),
			"has scheduler %[1]s without %[1]s-fallback: when a real server gets weight 0, as %[2]s may, the clients that %[1]s gives to it are refused, and no other server gets them", v.Scheduler, s.DestinationKey)
	}
}

// oneServer is why IPVS sends all queries of a service to one real server, and what to change in keepalived.conf; "" if it spreads
// them, or if that is what its scheduler is for (fo). The reasons are in the files ip_vs_SCHEDULER.c of the kernel; the same in 6.1 and 7.2.
func oneServer(s ipvs.Service, udp bool) (why, mend string) {
	const rr = "set lb_algo wrr"
	switch s.Scheduler {
	case "wlc", "lc":
		// A one-packet entry is gone before the next packet is scheduled. With all counts equal the first server wins.
		if udp && s.Flags&ipvs.OnePacket != 0 {
			return fmt.Sprintf("%s counts connections, and one-packet scheduling (ops) leaves none to count", s.Scheduler), rr + ", or take ops out"
		}
	case "sed", "nq", "ovf":
		// Of UDP the kernel counts connections as inactive (ip_vs_bind_dest), and these look at active ones alone.
		if udp {
			return fmt.Sprintf("%s counts active connections, and to the kernel no flow of UDP is active", s.Scheduler), rr
		}
	case "dh":
		if s.FWMark == 0 {
			return "dh chooses by the address that is asked, which is the same for all clients", rr + ", or sh with sh-fallback to keep each client at its server"
		}
	case "lblc", "lblcr":
		// They move when the server has more active connections than its weight, which UDP never has.
		if s.FWMark == 0 {
			return fmt.Sprintf("%s chooses by the address that is asked, which is the same for all clients, and moves only when a server has more active connections than weight", s.Scheduler),
				rr + ", or sh with sh-fallback to keep each client at its server"
		}
	}
	return "", ""
}

// hashesToZero is a real server that may get weight 0 under a scheduler that then refuses its clients, and is not told to give them
// another (ip_vs_sh_get in ip_vs_sh.c, ip_vs_mh_get in ip_vs_mh.c); nil: none.
func (v *virtual) hashesToZero() *server {
	if v.Scheduler != "sh" && v.Scheduler != "mh" || v.Flags&ipvs.Sched1 != 0 || v.serving() < 2 {
		return nil
	}
	for i := range v.servers {
		if s := &v.servers[i]; s.quiescent() {
			return s
		}
	}
	return nil
}

// udp reports whether queries over UDP come here. Of a mark nobody knows which protocols the firewall gives it.
func (v *virtual) udp() bool { return v.FWMark != 0 || v.Protocol == ipvs.UDP }

// serving counts the real servers that are meant to get clients.
func (v *virtual) serving() int {
	n := 0
	for i := range v.servers {
		if s := &v.servers[i]; !s.sorry && (s.Weight > 0 || dynamic(s.rs)) {
			n++
		}
	}
	return n
}

// quiescent reports whether keepalived may set the weight to 0, and leave the real server in the kernel.
func (s *server) quiescent() bool {
	return !s.sorry && (s.rs.Inhibit.V && len(s.rs.Checkers) > 0 || dynamic(s.rs))
}
