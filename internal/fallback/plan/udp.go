package plan

import (
	"fmt"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// UDPWarnings say where UDP flows would stay with a real server that failed: one line each. expireNodest is
// sysctl net.ipv4.vs.expire_nodest_conn; without it packets of flows to a removed real server are dropped until the flow times
// out (ip_vs_in in ip_vs_core.c), and no sysctl moves the flows of one with weight 0.
func UDPWarnings(c *keepalived.Config, expireNodest bool) []string {
	var list []string
	udp := false
	for i := range c.VirtualServers {
		v := &c.VirtualServers[i]
		if v.Flags.OnePacket || v.Protocol.V == keepalived.TCP || v.Protocol.V == keepalived.SCTP {
			continue
		}
		udp = true
		for j := range v.RealServers {
			if r := &v.RealServers[j]; r.Inhibit.V && len(r.Checkers) > 0 {
				list = append(list, fmt.Sprintf("%s: inhibit_on_failure leaves the UDP flows of a failed real server with it: remove the word, or set ops", r.Inhibit.Pos))
				break
			}
		}
	}
	if udp && !expireNodest {
		list = append(list, "sysctl net.ipv4.vs.expire_nodest_conn is 0: UDP flows with a fixed source port lose their packets for up to five minutes after their real server is removed: set it to 1")
	}
	return list
}
