package keepalived

import (
	"slices"
	"strings"
	"time"
)

// lvsKeywords are the blocks that the checker process reads.
func lvsKeywords() []keyword {
	ssl := func(p *parser) *[]Statement { return &p.cfg.Global.Other }
	return []keyword{
		nested("SSL", ssl, "password ca certificate key"),
		{name: "virtual_server_group", handle: startGroup},
		{name: "virtual_server", handle: startVirtualServer, sub: virtualServerKeywords(), end: endVirtualServer},
	}
}

func virtualServerKeywords() []keyword {
	v := vsField[time.Duration]
	return []keyword{
		{name: "ip_family", handle: setFamily},
		retry(1, false, vsField(func(v *VirtualServer) *Value[uint32] { return &v.Retry })),
		timer("delay_before_retry", 0, anyTime, v(func(v *VirtualServer) *Value[time.Duration] { return &v.DelayBeforeRetry })),
		timer("warmup", 0, anyTime, v(func(v *VirtualServer) *Value[time.Duration] { return &v.Warmup })),
		timer("connect_timeout", 1, maxUint32, v(func(v *VirtualServer) *Value[time.Duration] { return &v.ConnectTimeout })),
		timer("delay_loop", 1, anyTime, v(func(v *VirtualServer) *Value[time.Duration] { return &v.DelayLoop })),
		flag("inhibit_on_failure", vsField(func(v *VirtualServer) *Value[bool] { return &v.Inhibit })),
		{name: "lb_algo", handle: setScheduler},
		{name: "lvs_sched", handle: setScheduler},
		{name: "hashed", handle: setFlag},
		{name: "ops", handle: setFlag},
		{name: "flag-1", handle: setFlag},
		{name: "flag-2", handle: setFlag},
		{name: "flag-3", handle: setFlag},
		{name: "sh-port", handle: setFlag},
		{name: "sh-fallback", handle: setFlag},
		{name: "mh-port", handle: setFlag},
		{name: "mh-fallback", handle: setFlag},
		{name: "lb_kind", handle: setMethod},
		{name: "lvs_method", handle: setMethod},
		{name: "persistence_engine", handle: setPersistenceEngine},
		{name: "persistence_timeout", handle: setPersistenceTimeout},
		{name: "persistence_granularity", handle: setPersistenceGranularity},
		{name: "protocol", handle: setProtocol},
		flag("ha_suspend", vsField(func(v *VirtualServer) *Value[bool] { return &v.HASuspend })),
		boolean("smtp_alert", vsField(func(v *VirtualServer) *Value[bool] { return &v.SMTPAlert })),
		text("virtualhost", vsField(func(v *VirtualServer) *Value[string] { return &v.VirtualHost })),
		alone("snmp_name", vsField(func(v *VirtualServer) *Value[string] { return &v.SNMPName })),
		flag("alpha", vsField(func(v *VirtualServer) *Value[bool] { return &v.Alpha })),
		flag("omega", vsField(func(v *VirtualServer) *Value[bool] { return &v.Omega })),
		command("quorum_up", func(p *parser) *Script { return p.vsScript(func(v *VirtualServer) *Script { return &v.QuorumUp }) }),
		command("quorum_down", func(p *parser) *Script { return p.vsScript(func(v *VirtualServer) *Script { return &v.QuorumDown }) }),
		{name: "quorum", handle: setQuorum},
		integer("hysteresis", 0, maxUint32, true, vsField(func(v *VirtualServer) *Value[uint32] { return &v.Hysteresis })),
		integer("weight", 1, maxWeight, true, vsField(func(v *VirtualServer) *Value[int] { return &v.Weight })),
		{name: "sorry_server", handle: setSorryServer},
		{name: "sorry_server_inhibit", handle: setSorryInhibit},
		{name: "sorry_server_lvs_method", handle: setSorryMethod},
		{name: "real_server", handle: startRealServer, sub: realServerKeywords(), end: endRealServer},
	}
}

// vsField is a field of the present virtual server, nil if there is none.
func vsField[T any](field func(*VirtualServer) *Value[T]) func(*parser) *Value[T] {
	return func(p *parser) *Value[T] {
		if p.vs == nil {
			return nil
		}
		return field(p.vs)
	}
}

func (p *parser) vsScript(field func(*VirtualServer) *Script) *Script {
	if p.vs == nil {
		return nil
	}
	return field(p.vs)
}

func startVirtualServer(p *parser, words []string) {
	p.vs, p.rs, p.checker = nil, nil, nil
	what, ok := p.word(words, 1)
	if !ok {
		return
	}
	v := VirtualServer{
		Pos:            p.here,
		ConnectTimeout: Value[time.Duration]{V: 5 * time.Second},
		DelayLoop:      Value[time.Duration]{V: time.Minute},
		Weight:         Value[int]{V: 1},
		Quorum:         Value[uint32]{V: 1},
	}
	switch {
	case (what == "group" || what == "fwmark") && len(words) < 3:
		p.note(Fatal, "virtual_server %s needs a value: write it behind the word", what)
		p.skipBlock()
		return
	case what == "group":
		v.Group = words[2]
	case what == "fwmark":
		n := readUnsigned(words[2], 0, maxUint32, true)
		if !p.acceptOr(strings.Join(words, " "), markMend, words, n) {
			p.leaveOut(p.lastVirtualServer)
			return
		}
		if v.FWMark = uint32(n.v); n.v == 0 {
			p.keep(p.lostNote(Trap, strings.Join(words, " "), markMend, markZero))
		}
	default:
		if v.Addr, v.Port, ok = p.endpoint(words); !ok {
			p.leaveOut(p.lastVirtualServer)
			return
		}
		v.Family = familyOf(v.Addr)
	}
	p.cfg.VirtualServers = append(p.cfg.VirtualServers, v)
	p.lastVirtualServer()
}

// lastVirtualServer makes the last virtual server the present one.
func (p *parser) lastVirtualServer() Pos {
	if n := len(p.cfg.VirtualServers); n > 0 {
		p.vs = &p.cfg.VirtualServers[n-1]
		return p.vs.Pos
	}
	return Pos{}
}

func setFamily(p *parser, words []string) {
	w, ok := p.word(words, 1)
	if !ok || p.vs == nil {
		return
	}
	family := map[string]Family{"inet": IPv4, "inet6": IPv6}[w]
	switch {
	case family == "":
		p.note(Ignored, "ip_family: %s is neither inet nor inet6", quote(w))
	case p.vs.Family != "" && p.vs.Family != family:
		p.note(Ignored, "ip_family: the virtual server is %s", p.vs.Family)
	default:
		p.vs.Family = family
	}
}

// schedulers are those that keepalived accepts, whatever the kernel has.
const schedulers = "rr wrr lc wlc lblc sh mh dh fo ovf lblcr sed nq twos"

func setScheduler(p *parser, words []string) {
	w, ok := p.word(words, 1)
	if !ok || p.vs == nil {
		return
	}
	if !slices.Contains(strings.Fields(schedulers), w) {
		p.note(Ignored, "%s: keepalived knows no scheduler %s", words[0], quote(w))
		return
	}
	p.vs.Scheduler = at(p, w)
}

func setFlag(p *parser, words []string) {
	v := p.vs
	if v == nil {
		return
	}
	name, scheduler := words[0], v.Scheduler.V
	switch name {
	case "ops":
		v.Flags.OnePacket = true
		return
	case "flag-1":
		v.Flags.Sched1 = true
		return
	case "flag-2":
		v.Flags.Sched2 = true
		return
	case "flag-3":
		v.Flags.Sched3 = true
		return
	}
	// The others count only for the scheduler that is set by now.
	of, what, _ := strings.Cut(name, "-")
	switch {
	case scheduler != "sh" && scheduler != "mh":
		p.note(Ignored, "%s: the scheduler at this line is %s", name, quote(scheduler))
	case of != scheduler:
		p.note(Trap, "%s does nothing: the scheduler is %s", name, scheduler)
	case what == "fallback":
		v.Flags.Sched1 = true
	case what == "port":
		v.Flags.Sched2 = true
	}
}

func setPersistenceEngine(p *parser, words []string) {
	w, ok := p.word(words, 1)
	if !ok || p.vs == nil {
		return
	}
	const most = 16 // IP_VS_PENAME_MAXLEN
	if len(w) > most {
		p.note(Adjusted, "persistence_engine: the name is cut after %d characters", most)
		w = w[:most]
	}
	p.vs.PersistenceEngine = at(p, w)
}

// defaultPersistence is what keepalived uses when it needs a persistence and
// the configuration names no time.
const defaultPersistence = 360

func setPersistenceTimeout(p *parser, words []string) {
	if p.vs == nil {
		return
	}
	if len(words) < 2 {
		p.vs.PersistenceTimeout = at[uint32](p, defaultPersistence)
		return
	}
	const month = 31 * 24 * 60 * 60
	if n := readUnsigned(words[1], 1, month, false); p.accept(words, n) {
		p.vs.PersistenceTimeout = at(p, uint32(n.v))
	}
}

func setPersistenceGranularity(p *parser, words []string) {
	w, ok := p.word(words, 1)
	if !ok || p.vs == nil {
		return
	}
	v := p.vs
	family := v.Family
	if family == "" {
		if family = IPv6; strings.Contains(w, ".") {
			family = IPv4
		}
	}
	if family == IPv6 {
		n := readUnsigned(w, 1, 128, false)
		if !p.accept(words, n) {
			return
		}
		v.PersistenceGranularity = at(p, uint32(n.v))
	} else {
		mask, ok := looseIPv4(w)
		if !ok {
			p.note(Ignored, "persistence_granularity: %s is not a netmask", quote(w))
			return
		}
		if inverse := ^mask; inverse&(inverse+1) != 0 {
			p.note(
				Trap, "persistence_granularity: keepalived takes %s for the netmask %d.%d.%d.%d", quote(w), mask>>24,
				mask>>16&255, mask>>8&255, mask&255,
			)
		}
		v.PersistenceGranularity = at(p, mask)
	}
	v.Family = family
	if v.PersistenceTimeout.V == 0 {
		v.PersistenceTimeout = at[uint32](p, defaultPersistence)
	}
}

func setProtocol(p *parser, words []string) {
	w, ok := p.word(words, 1)
	if !ok || p.vs == nil {
		return
	}
	switch proto := Protocol(strings.ToLower(w)); proto {
	case TCP, UDP, SCTP:
		p.vs.Protocol = at(p, proto)
	default:
		p.note(Ignored, "protocol: %s is not TCP, UDP or SCTP", quote(w))
	}
}

func setQuorum(p *parser, words []string) {
	w, ok := p.word(words, 1)
	if !ok || p.vs == nil {
		return
	}
	n := readUnsigned(w, 1, maxUint32, true)
	switch {
	case !n.ok:
		p.note(Adjusted, "quorum: %s: keepalived takes 1", n.complaint)
		n.v = 1
	case n.complaint != "":
		p.note(Adjusted, "quorum: %s", n.complaint)
	}
	p.vs.Quorum = at(p, uint32(n.v))
}
