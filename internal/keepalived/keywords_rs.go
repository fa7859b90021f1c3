package keepalived

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

func realServerKeywords() []keyword {
	d := rsField[time.Duration]
	all := []keyword{
		integer("weight", 0, maxWeight, true, rsField(func(r *RealServer) *Value[int] { return &r.Weight })),
		{name: "lvs_method", handle: func(p *parser, words []string) {
			if p.rs != nil {
				p.forwarding(words, &p.rs.Forward)
			}
		}},
		integer("uthreshold", 0, maxUint32, true, rsField(func(r *RealServer) *Value[uint32] { return &r.UThreshold })),
		integer("lthreshold", 0, maxUint32, true, rsField(func(r *RealServer) *Value[uint32] { return &r.LThreshold })),
		boolean("inhibit_on_failure", rsField(func(r *RealServer) *Value[bool] { return &r.Inhibit })),
		command("notify_up", func(p *parser) *Script { return p.rsScript(func(r *RealServer) *Script { return &r.NotifyUp }) }),
		command("notify_down", func(p *parser) *Script { return p.rsScript(func(r *RealServer) *Script { return &r.NotifyDown }) }),
		boolean("alpha", rsField(func(r *RealServer) *Value[bool] { return &r.Alpha })),
		retry(1, false, rsField(func(r *RealServer) *Value[uint32] { return &r.Retry })),
		timer("delay_before_retry", 0, anyTime, d(func(r *RealServer) *Value[time.Duration] { return &r.DelayBeforeRetry })),
		timer("warmup", 0, anyTime, d(func(r *RealServer) *Value[time.Duration] { return &r.Warmup })),
		timer("connect_timeout", 1, maxUint32, d(func(r *RealServer) *Value[time.Duration] { return &r.ConnectTimeout })),
		timer("delay_loop", 1, anyTime, d(func(r *RealServer) *Value[time.Duration] { return &r.DelayLoop })),
		boolean("smtp_alert", rsField(func(r *RealServer) *Value[bool] { return &r.SMTPAlert })),
		text("virtualhost", rsField(func(r *RealServer) *Value[string] { return &r.VirtualHost })),
		alone("snmp_name", rsField(func(r *RealServer) *Value[string] { return &r.SNMPName })),
	}
	return append(all, checkerKeywords()...)
}

// rsField is a field of the present real server, nil if there is none.
func rsField[T any](field func(*RealServer) *Value[T]) func(*parser) *Value[T] {
	return func(p *parser) *Value[T] {
		if p.rs == nil {
			return nil
		}
		return field(p.rs)
	}
}

func (p *parser) rsScript(field func(*RealServer) *Script) *Script {
	if p.rs == nil {
		return nil
	}
	return field(p.rs)
}

func startRealServer(p *parser, words []string) {
	p.rs, p.checker = nil, nil
	if _, ok := p.word(words, 1); !ok {
		return
	}
	addr, port, ok := p.endpoint(words)
	if !ok {
		p.leaveOut(p.lastRealServer)
		return
	}
	if p.vs == nil {
		return
	}
	p.vs.RealServers = append(p.vs.RealServers, RealServer{Pos: p.here, Addr: addr, Port: port, Forward: p.vs.Forward})
	p.lastRealServer()
}

// lastRealServer makes the last real server of the present virtual server the present one.
func (p *parser) lastRealServer() Pos {
	if p.vs == nil || len(p.vs.RealServers) == 0 {
		return Pos{}
	}
	p.rs = &p.vs.RealServers[len(p.vs.RealServers)-1]
	return p.rs.Pos
}

// endRealServer settles the address family: only a tunnel leads to another one.
func endRealServer(p *parser) {
	if p.vs == nil || p.rs == nil {
		return
	}
	v, r := p.vs, p.rs
	p.endDoubled()
	p.rs, p.checker = nil, nil
	if r.Forward.V.Method == TUN {
		return
	}
	family := familyOf(r.Addr)
	if v.Family == "" {
		v.Family = family
	}
	if v.Family != family {
		p.lose(
			r.block(), "give it an address of the family of its virtual server, or lvs_method TUN",
			"the real server %s is not %s like its virtual server: keepalived leaves it out", r.Addr, v.Family,
		)
		v.RealServers = v.RealServers[:len(v.RealServers)-1]
	}
}

// endVirtualServer settles the family of the sorry server, and that of a mark
// of which nothing else tells it.
func endVirtualServer(p *parser) {
	v := p.vs
	if v == nil {
		return
	}
	p.vs, p.rs, p.checker = nil, nil, nil
	if s := v.Sorry; s != nil && s.Forward.V.Method != TUN {
		family := familyOf(s.Addr)
		if v.Family == "" {
			v.Family = family
		}
		if v.Family != family {
			p.note(Ignored, "the sorry server %s is not %s like its virtual server: keepalived leaves it out", s.Addr, v.Family)
			v.Sorry = nil
		}
	}
	if v.Family != "" || v.Group != "" {
		return
	}
	// All servers are behind tunnels. Their family counts if it is one.
	families := map[Family]bool{}
	if v.Sorry != nil {
		families[familyOf(v.Sorry.Addr)] = true
	}
	for _, r := range v.RealServers {
		families[familyOf(r.Addr)] = true
	}
	if v.Family = IPv4; len(families) == 1 && families[IPv6] {
		v.Family = IPv6
	}
}

// endpoint reads an address and an optional port. Port 0 is no port.
func (p *parser) endpoint(words []string) (netip.Addr, uint16, bool) {
	lost := ""
	if words[0] != "sorry_server" {
		lost = strings.Join(words, " ")
	}
	addr, ok := address(words[1])
	if !ok {
		p.lose(lost, addressMend(words[0], words[1]), "%s: %s is not an IP address: keepalived leaves the block out", words[0], quote(words[1]))
		return addr, 0, false
	}
	if i := strings.IndexAny(words[1], "-/"); i >= 0 {
		p.note(Trap, "%s: keepalived ignores %s", words[0], quote(words[1][i:]))
	}
	if len(words) < 3 || strings.Trim(words[2], "0") == "" {
		return addr, 0, true
	}
	n := readUnsigned(words[2], 1, 65535, true)
	if !p.acceptOr(lost, portMend, words, n) {
		return addr, 0, false
	}
	return addr, uint16(n.v), true
}

func setSorryServer(p *parser, words []string) {
	if _, ok := p.word(words, 1); !ok || p.vs == nil {
		return
	}
	addr, port, ok := p.endpoint(words)
	if !ok {
		return
	}
	p.vs.Sorry = &RealServer{Pos: p.here, Addr: addr, Port: port, Weight: Value[int]{V: 1}, Forward: p.vs.Forward}
}

func setSorryInhibit(p *parser, words []string) {
	switch {
	case p.vs == nil:
	case p.vs.Sorry == nil:
		p.note(Ignored, "%s: no sorry_server before it", words[0])
	default:
		p.vs.Sorry.Inhibit = at(p, true)
	}
}

func setSorryMethod(p *parser, words []string) {
	switch {
	case p.vs == nil:
	case p.vs.Sorry == nil:
		p.note(Ignored, "%s: no sorry_server before it", words[0])
	default:
		p.forwarding(words, &p.vs.Sorry.Forward)
	}
}

func setMethod(p *parser, words []string) {
	if p.vs != nil {
		p.forwarding(words, &p.vs.Forward)
	}
}

// forwarding reads a method and the options of a tunnel. A wrong option leaves
// the method changed and the options as they were.
func (p *parser) forwarding(words []string, field *Value[Forwarding]) {
	w, ok := p.word(words, 1)
	if !ok {
		return
	}
	switch m := Method(w); m {
	case NAT, DR, TUN:
		field.V.Method, field.Pos = m, p.here
	default:
		p.note(Ignored, "%s: %s is not NAT, DR or TUN", words[0], quote(w))
		return
	}
	f := Forwarding{Method: field.V.Method, Tunnel: IPIP, Checksum: NoChecksum}
	for i := 2; i < len(words); i++ {
		switch w := words[i]; w {
		case "type", "port":
			if i++; i == len(words) {
				p.note(Ignored, "%s: %s needs a value", words[0], w)
				return
			}
			if w == "type" {
				if f.Tunnel = TunnelType(words[i]); f.Tunnel != IPIP && f.Tunnel != GUE && f.Tunnel != GRE {
					p.note(Ignored, "%s: %s is not ipip, gue or gre", words[0], quote(words[i]))
					return
				}
				continue
			}
			n := readUnsigned(words[i], 1, 65535, false)
			if !p.accept(words, n) {
				return
			}
			f.Port = uint16(n.v)
		case string(NoChecksum), string(WithChecksum), string(RemoteChecksum):
			f.Checksum = Checksum(w)
		default:
			p.note(Ignored, "%s: keepalived knows no option %s", words[0], quote(w))
			return
		}
	}
	switch {
	case (f.Tunnel == GUE) != (f.Port != 0):
		p.note(Ignored, "%s: a gue tunnel needs a port, and others have none", words[0])
	case f.Tunnel == IPIP && f.Checksum != NoChecksum, f.Tunnel == GRE && f.Checksum == RemoteChecksum:
		p.note(Ignored, "%s: an %s tunnel has no option %s", words[0], f.Tunnel, f.Checksum)
	default:
		field.V = f
	}
}

// looseIPv4 reads an address as inet_aton(3): one to four numbers, decimal,
// octal or hexadecimal, of which the last fills what is left.
func looseIPv4(s string) (addr uint32, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return 0, false
	}
	for i, part := range parts {
		// An underscore is a digit to Go, not to inet_aton.
		v, err := strconv.ParseUint(part, 0, 32)
		if err != nil || strings.ContainsAny(part, "_oO") || strings.HasPrefix(strings.ToLower(part), "0b") {
			return 0, false
		}
		left := 8 * (4 - i)
		if i < len(parts)-1 {
			left = 8
		}
		if v >= 1<<left {
			return 0, false
		}
		if i < len(parts)-1 {
			v <<= 8 * (3 - i)
		}
		addr |= uint32(v)
	}
	return addr, true
}
