package plan

import (
	"fmt"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// UDPWarnings say where clients would stay with a real server that failed: one line each. No sysctl moves the UDP flows of a server with
// weight 0; what sysctls do move is for internal/drift to say.
func UDPWarnings(c *keepalived.Config) []string {
	var list []string
	for i := range c.VirtualServers {
		v := &c.VirtualServers[i]
		if v.Flags.OnePacket || v.Protocol.V == keepalived.TCP || v.Protocol.V == keepalived.SCTP {
			continue
		}
		for j := range v.RealServers {
			if r := &v.RealServers[j]; r.Inhibit.V && len(r.Checkers) > 0 {
				list = append(list, fmt.Sprintf("%s: inhibit_on_failure leaves the UDP flows of a failed real server with it: remove the word", r.Inhibit.Pos))
				break
			}
		}
	}
	return list
}
