package exporter

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// State is all that the exporter shows, for /api/v1/state and the status page.
type State struct {
	Time           time.Time        `json:"time"`
	Host           string           `json:"host"`
	Version        string           `json:"version"`
	Sources        []SourceState    `json:"sources"`
	Limited        bool             `json:"limited"` // IPVS read without CAP_NET_ADMIN: numbers that are missing are 0
	VirtualServers []VirtualServer  `json:"virtual_servers"`
	Keepalived     *KeepalivedState `json:"keepalived"` // null without a configuration
	VRRP           []VRRP           `json:"vrrp"`
	Checks         []CheckState     `json:"checks"`
	Drift          []DriftState     `json:"drift"`
	DNSTop         *DNSTop          `json:"dns_top"` // null unless dns.top
}

// KeepalivedState is how keepalived's configuration was read.
type KeepalivedState struct {
	Version  string   `json:"version"` // of keepalived, by whose rules; empty: the newest
	ConfigID string   `json:"config_id"`
	Files    []string `json:"files"`
}

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

// CheckState is the last run of a check.
type CheckState struct {
	Server    string    `json:"server"`
	Name      string    `json:"name"`
	Type      string    `json:"type"`
	Transport string    `json:"transport"`
	Path      string    `json:"path"`
	Outcome   string    `json:"outcome"`
	Reason    string    `json:"reason"`
	Rcode     string    `json:"rcode"`
	Seconds   float64   `json:"duration_seconds"`
	Latency   *float64  `json:"latency_seconds"` // null without an answer
	Last      time.Time `json:"last_run"`
	Runs      uint64    `json:"runs"`
	Scheduled bool      `json:"scheduled"` // false: it was run by hand, and disappears ten minutes after its last run
}

// Passed reports whether the last run passed.
func (c CheckState) Passed() bool { return c.Outcome == "pass" }

// DriftState is one difference between configuration, belief and kernel.
type DriftState struct {
	Kind     string `json:"kind"`
	Severity string `json:"severity"`
	lvs.Labels
	Place string `json:"place,omitempty"` // file:line
	Text  string `json:"text"`
	Mend  string `json:"mend"`
}

// Command reports whether Mend can be pasted as it stands.
func (d DriftState) Command() bool {
	first, _, _ := strings.Cut(d.Mend, " ")
	return first == "ipvsadm" || first == "sysctl"
}

// State reads all sources and returns what they say.
func (e *Exporter) State(ctx context.Context) State {
	ctx, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	sources, _ := fetchAll(ctx, e.sources)
	e.changes.note(sources)
	s := State{
		Time: e.config.Now(), Host: e.config.Host, Version: e.config.Build.Version, Sources: sources,
		VirtualServers: []VirtualServer{}, VRRP: []VRRP{}, Checks: []CheckState{}, Drift: []DriftState{}, // in JSON an empty list is no null
	}
	if view := e.view.get(ctx).value; view != nil {
		s.Limited = view.limited
		virtuals, _ := view.subjects(e.config.Keep)
		missing := map[ipvs.ServiceKey]int{}
		if e.config.Connections != nil {
			missing = e.config.Connections.missing()
		}
		for _, v := range virtuals {
			state := virtualState(v)
			state.Missing = missing[v.ServiceKey]
			s.VirtualServers = append(s.VirtualServers, state)
		}
	}
	if cfg := e.notes.get(ctx).value; cfg != nil {
		s.Keepalived = &KeepalivedState{cfg.Version, cfg.ID, cfg.Files}
	}
	if all := e.vrrp.get(ctx).value; all != nil {
		s.VRRP = append(s.VRRP, *all...)
	}
	if found := e.drift.get(ctx).value; found != nil {
		for _, d := range found.found {
			state := DriftState{Kind: string(d.Kind), Severity: string(d.Severity()), Labels: d.Labels(), Text: d.Text, Mend: d.Mend}
			if !d.Pos.IsZero() {
				state.Place = d.Pos.String()
			}
			s.Drift = append(s.Drift, state)
		}
	}
	if e.config.Checks != nil {
		for _, r := range e.config.Checks.view(e.planned.of(e.notes.get(ctx).value)).checks {
			s.Checks = append(s.Checks, r.state())
		}
	}
	if e.config.Top != nil {
		s.DNSTop = topState(e.config.Top.Top(topRows))
	}
	return s
}

func virtualState(v virtual) VirtualServer {
	l := v.ServiceKey.Labels()
	s := VirtualServer{
		Service: v.ServiceKey.String(), VIP: l[0], VPort: l[1], Proto: l[2], FWMark: l[3], Family: l[4],
		Scheduler: v.Scheduler, Flags: v.Flags.Names(v.Scheduler), Connections: v.Stats.Connections, RealServers: []RealServer{},
		Rates: Rates{v.Stats.ConnectionRate, v.Stats.InPacketRate, v.Stats.OutPacketRate, v.Stats.InByteRate, v.Stats.OutByteRate},
	}
	for i := range v.real {
		d := &v.real[i]
		s.RealServers = append(s.RealServers, RealServer{
			RIP: d.Addr.String(), RPort: decimal(d.Port), Forward: d.Forward.String(), Replies: d.Forward.RepliesPass(), Weight: d.Weight, Overloaded: overloaded(d),
			Active: d.Active, Inactive: d.Inactive, Persistent: d.Persistent,
			UpperThreshold: d.UpperThreshold, LowerThreshold: d.LowerThreshold, Connections: d.Stats.Connections,
			Rates: Rates{d.Stats.ConnectionRate, d.Stats.InPacketRate, d.Stats.OutPacketRate, d.Stats.InByteRate, d.Stats.OutByteRate},
		})
	}
	return s
}

func (r checkRecord) state() CheckState {
	s := CheckState{
		Server: r.server, Name: r.name, Type: r.qtype, Transport: r.transport, Path: r.path,
		Outcome: r.outcome, Reason: r.reason, Rcode: r.rcode, Seconds: r.duration, Latency: r.latency, Last: r.last, Scheduled: r.scheduled,
	}
	for _, n := range r.runs {
		s.Runs += n
	}
	return s
}
