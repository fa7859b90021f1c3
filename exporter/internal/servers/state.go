package servers

import (
	"net"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// VirtualServer is one virtual server and what it carries.
type VirtualServer struct {
	Service     string       `json:"service"` // such as "udp 192.0.2.1:53" or "fwm 7"
	VIP         string       `json:"vip"`
	VPort       string       `json:"vport"`
	Proto       string       `json:"proto"`
	FWMark      string       `json:"fwmark"`
	Family      string       `json:"family"`
	Scheduler   string       `json:"scheduler"`
	Flags       string       `json:"flags"`
	Connections uint64       `json:"connections"`
	Missing     int          `json:"connections_to_missing_server"` // that the last pass over the connection table has seen
	Rates       Rates        `json:"rates"`
	RealServers []RealServer `json:"real_servers"`
}

// RealServer is one real server of a virtual server.
type RealServer struct {
	RIP            string `json:"rip"`
	RPort          string `json:"rport"`
	Forward        string `json:"forward_method"`
	Replies        bool   `json:"replies_counted"` // they pass the director; if not, what goes out is 0 here
	Weight         uint32 `json:"weight"`
	Overloaded     bool   `json:"overloaded"`
	Active         uint32 `json:"active"`
	Inactive       uint32 `json:"inactive"`
	Persistent     uint32 `json:"persistent"`
	UpperThreshold uint32 `json:"upper_threshold"`
	LowerThreshold uint32 `json:"lower_threshold"`
	Connections    uint64 `json:"connections"`
	Rates          Rates  `json:"rates"`
}

// Address is address and port as ipvsadm takes them.
func (r RealServer) Address() string { return net.JoinHostPort(r.RIP, r.RPort) }

// Rates are the kernel's own, per second, smoothed over a few seconds.
type Rates struct {
	Connections uint64 `json:"connections"`
	InPackets   uint64 `json:"in_packets"`
	OutPackets  uint64 `json:"out_packets"`
	InBytes     uint64 `json:"in_bytes"`
	OutBytes    uint64 `json:"out_bytes"`
}

// State is each virtual server that is shown. missing is how many of its connections lead to a real server that is not there.
func (v *View) State(missing map[ipvs.ServiceKey]int) []VirtualServer {
	all := make([]VirtualServer, 0, len(v.Virtuals))
	for _, s := range v.Virtuals {
		state := virtualState(s)
		state.Missing = missing[s.ServiceKey]
		all = append(all, state)
	}
	return all
}

func virtualState(v Virtual) VirtualServer {
	l := v.ServiceKey.Labels()
	s := VirtualServer{
		Service: v.ServiceKey.String(), VIP: l[0], VPort: l[1], Proto: l[2], FWMark: l[3], Family: l[4],
		Scheduler: v.Scheduler, Flags: v.Flags.Names(v.Scheduler), Connections: v.Stats.Connections, RealServers: []RealServer{},
		Rates: Rates{v.Stats.ConnectionRate, v.Stats.InPacketRate, v.Stats.OutPacketRate, v.Stats.InByteRate, v.Stats.OutByteRate},
	}
	for i := range v.Real {
		d := &v.Real[i]
		s.RealServers = append(s.RealServers, RealServer{
			RIP: d.Addr.String(), RPort: metric.Decimal(d.Port), Forward: d.Forward.String(), Replies: d.Forward.RepliesPass(), Weight: d.Weight, Overloaded: overloaded(d),
			Active: d.Active, Inactive: d.Inactive, Persistent: d.Persistent,
			UpperThreshold: d.UpperThreshold, LowerThreshold: d.LowerThreshold, Connections: d.Stats.Connections,
			Rates: Rates{d.Stats.ConnectionRate, d.Stats.InPacketRate, d.Stats.OutPacketRate, d.Stats.InByteRate, d.Stats.OutByteRate},
		})
	}
	return s
}
