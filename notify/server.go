package notify

import (
	"net/netip"
	"strconv"
)

// ServerEvent is news of a virtual server (its quorum) or of a real server.
type ServerEvent struct {
	Server
	Up bool
}

// Server names a real server of a virtual server, or with a zero Real the virtual server itself. It can be compared.
type Server struct {
	Virtual Virtual        `json:"virtual"`
	Real    netip.AddrPort `json:"real,omitzero"`
}

// Virtual names a virtual server as keepalived's FIFO does. One of Addr, Mark and Group is set.
type Virtual struct {
	Addr  netip.AddrPort `json:"addr,omitzero"`
	Proto string         `json:"proto,omitempty"` // udp, tcp or sctp, of an Addr
	Mark  uint32         `json:"fwmark,omitempty"`
	Group string         `json:"group,omitempty"` // of a virtual_server_group; the line does not say which protocol
	Port  uint16         `json:"group_port,omitempty"`
}

func (v Virtual) String() string {
	switch {
	case v.Mark != 0:
		return "FWM " + strconv.FormatUint(uint64(v.Mark), 10)
	case v.Group != "":
		return "[" + v.Group + "]:" + strconv.Itoa(int(v.Port))
	default:
		return "[" + v.Addr.Addr().String() + "]:" + v.Proto + ":" + strconv.Itoa(int(v.Addr.Port()))
	}
}
