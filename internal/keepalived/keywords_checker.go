package keepalived

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

func checkerKeywords() []keyword {
	return []keyword{
		block(MiscCheck, func(c *Checker) { c.Misc = &Misc{} }, endMisc, slices.Concat(commonKeywords(), miscKeywords())),
		block(DNSCheck, func(c *Checker) {
			c.Connect, c.DNS = &Connect{}, &DNS{Type: Value[string]{V: "SOA"}, Name: Value[string]{V: "."}}
		}, endConnect, slices.Concat(connectKeywords(), commonKeywords(), dnsKeywords())),
		block(TCPCheck, func(c *Checker) { c.Connect = &Connect{} }, endConnect, slices.Concat(connectKeywords(), commonKeywords())),
		block(PingCheck, func(c *Checker) { c.Connect = &Connect{} }, endConnect, slices.Concat(connectKeywords(), commonKeywords())),
		block(UDPCheck, func(c *Checker) {
			c.Connect, c.UDP = &Connect{}, &UDPPayload{MaxReplyLength: Value[int]{V: 255}}
		}, endUDP, slices.Concat(connectKeywords(), commonKeywords(), udpKeywords())),
		block(SMTPCheck, func(c *Checker) {
			c.Connect, c.SMTP = &Connect{}, &SMTP{Helo: Value[string]{V: "smtpchecker.keepalived.org"}}
		}, endSMTP, slices.Concat(connectKeywords(), commonKeywords(), smtpKeywords())),
		block(HTTPGet, func(c *Checker) { c.Connect, c.HTTP = &Connect{}, &HTTP{} }, endHTTP, httpKeywords()),
		block(SSLGet, func(c *Checker) { c.Connect, c.HTTP = &Connect{}, &HTTP{} }, endHTTP, httpKeywords()),
		block(BFDCheck, func(c *Checker) { c.BFD = &BFD{} }, endBFD, bfdKeywords()),
		block(FileCheck, func(c *Checker) { c.File = &TrackedFile{} }, endFile, fileKeywords()),
	}
}

// block is the keyword of a checker: make fills in what its kind has. A
// checker that connects starts with the address and port of the real server as
// they are written: what keepalived corrects later does not reach it.
func block(kind CheckerKind, make func(*Checker), end func(*parser), sub []keyword) keyword {
	return keyword{
		name: string(kind),
		handle: func(p *parser, _ []string) {
			p.checker, p.url, p.host, p.hosts = nil, nil, nil, nil
			if p.rs == nil {
				return
			}
			c := Checker{Pos: p.here, Kind: kind}
			make(&c)
			if c.Connect != nil {
				c.Connect.Addr.V, c.Connect.Port.V = p.rs.Addr, p.rs.Port
			}
			p.rs.Checkers = append(p.rs.Checkers, c)
			p.checker = &p.rs.Checkers[len(p.rs.Checkers)-1]
			p.doubled = p.doubled && (kind == FileCheck || kind == BFDCheck) // these are queued later
		},
		sub: sub,
		end: func(p *parser) {
			if p.checker != nil {
				end(p)
			}
			p.checker = nil
		},
	}
}

// dropChecker takes the present checker out. Its real server stays up.
func (p *parser) dropChecker(format string, args ...any) {
	k := p.checker
	p.lose(string(k.Kind)+" of "+p.rs.block(), "correct what stands in that "+string(k.Kind), format+": keepalived drops the checker, and the real server counts as up", args...)
	p.rs.Checkers = p.rs.Checkers[:len(p.rs.Checkers)-1]
	p.checker = nil
}

// checkerField is a field of the present checker, nil if there is none.
func checkerField[T any](field func(*Checker) *Value[T]) func(*parser) *Value[T] {
	return func(p *parser) *Value[T] {
		if p.checker == nil {
			return nil
		}
		return field(p.checker)
	}
}

func commonKeywords() []keyword {
	d := checkerField[time.Duration]
	return []keyword{
		retry(0, true, checkerField(func(c *Checker) *Value[uint32] { return &c.Retry })),
		timer("delay_before_retry", 0, anyTime, d(func(c *Checker) *Value[time.Duration] { return &c.DelayBeforeRetry })),
		timer("warmup", 0, anyTime, d(func(c *Checker) *Value[time.Duration] { return &c.Warmup })),
		timer("delay_loop", 1, anyTime, d(func(c *Checker) *Value[time.Duration] { return &c.DelayLoop })),
		boolean("alpha", checkerField(func(c *Checker) *Value[bool] { return &c.Alpha })),
		boolean("log_all_failures", checkerField(func(c *Checker) *Value[bool] { return &c.LogAllFailures })),
	}
}

// connect is where the keywords of a connection go: to the host block of an
// SMTP_CHECK while there is one.
func (p *parser) connect() *Connect {
	switch {
	case p.checker == nil:
		return nil
	case p.host != nil:
		return p.host
	default:
		return p.checker.Connect
	}
}

func connectField[T any](field func(*Connect) *Value[T]) func(*parser) *Value[T] {
	return func(p *parser) *Value[T] {
		if c := p.connect(); c != nil {
			return field(c)
		}
		return nil
	}
}

func connectKeywords() []keyword {
	return []keyword{
		connectAddress("connect_ip", func(c *Connect) (own, other *Value[netip.Addr]) { return &c.Addr, &c.BindAddr }),
		integer("connect_port", 1, 65535, true, connectField(func(c *Connect) *Value[uint16] { return &c.Port })),
		connectAddress("bindto", func(c *Connect) (own, other *Value[netip.Addr]) { return &c.BindAddr, &c.Addr }),
		integer("bind_port", 1, 65535, true, connectField(func(c *Connect) *Value[uint16] { return &c.BindPort })),
		{name: "bind_if", handle: setInterface},
		timer("connect_timeout", 1, maxUint32, connectField(func(c *Connect) *Value[time.Duration] { return &c.Timeout })),
		integer("fwmark", 0, maxUint32, true, connectField(func(c *Connect) *Value[uint32] { return &c.FWMark })),
	}
}

// connectAddress sets one end of a connection, which must have the family of
// the other end.
func connectAddress(name string, ends func(*Connect) (own, other *Value[netip.Addr])) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		w, ok := p.word(words, 1)
		c := p.connect()
		if !ok || c == nil {
			return
		}
		own, other := ends(c)
		addr, ok := address(w)
		switch {
		case !ok:
			p.note(Ignored, "%s: %s is not an IP address", name, quote(w))
			*own = Value[netip.Addr]{}
		case other.V.IsValid() && familyOf(other.V) != familyOf(addr) && !p.fillsInLater(other):
			p.note(Ignored, "%s: %s and %s have two families", name, addr, other.V)
			*own = Value[netip.Addr]{}
		default:
			*own = at(p, addr)
		}
	}}
}

// fillsInLater reports whether an SMTP_CHECK has no address yet: it takes that of the real server at its end, and compares nothing then
// (smtp_check_handler and smtp_check_end_handler in check_smtp.c).
func (p *parser) fillsInLater(end *Value[netip.Addr]) bool {
	return p.checker.Kind == SMTPCheck && p.host == nil && end == &p.checker.Connect.Addr && !end.IsSet()
}

func setInterface(p *parser, words []string) {
	w, ok := p.word(words, 1)
	c := p.connect()
	if !ok || c == nil {
		return
	}
	if len(w) > 15 { // IFNAMSIZ, less the NUL
		p.note(Ignored, "bind_if: %s is too long for an interface", quote(w))
		return
	}
	c.Interface = at(p, w)
}

// lacksInterface reports whether a checker does not know where a link-local address is.
func (c *Connect) lacksInterface() bool {
	return c.Addr.V.Is6() && c.Addr.V.IsLinkLocalUnicast() && c.Interface.V == ""
}

// endConnect drops a checker that cannot reach a link-local address.
func endConnect(p *parser) {
	c := p.checker.Connect
	if c.lacksInterface() {
		p.dropChecker("the link-local address %s needs bind_if", c.Addr.V)
		return
	}
	if c.Addr.V.IsValid() && c.BindAddr.V.IsValid() && familyOf(c.Addr.V) != familyOf(c.BindAddr.V) {
		p.note(
			Trap, "the checker cannot bind to %s, which is not %s like %s: it never asks, and the state of the real server stays as it is",
			c.BindAddr.V, familyOf(c.Addr.V), c.Addr.V,
		)
	}
	if c.Port.V == 0 && p.checker.Kind != PingCheck {
		p.note(
			Trap,
			"the checker connects to port 0: the real server has no port on its line, and the one of the virtual server does not reach the checker",
		)
	}
}

func miscKeywords() []keyword {
	misc := func(field func(*Misc) *Value[bool]) func(*parser) *Value[bool] {
		return checkerField(func(c *Checker) *Value[bool] { return field(c.Misc) })
	}
	const most = maxUint32 / 1_000_000
	return []keyword{
		{name: "misc_path", handle: func(p *parser, words []string) {
			if p.checker == nil {
				return
			}
			if s := p.script(words, false); s.IsSet() {
				s.User, s.Group = p.checker.Misc.Path.User, p.checker.Misc.Path.Group
				p.checker.Misc.Path = s
			}
		}},
		{name: "misc_timeout", handle: func(p *parser, words []string) {
			w, ok := p.word(words, 1)
			if !ok || p.checker == nil {
				return
			}
			if n := readUnsigned(w, 0, most, true); p.accept(words, n) {
				p.checker.Misc.Timeout = at(p, time.Duration(n.v)*time.Second)
			}
		}},
		flag("misc_dynamic", misc(func(m *Misc) *Value[bool] { return &m.Dynamic })),
		{name: "user", handle: func(p *parser, words []string) {
			switch {
			case p.checker == nil:
			case len(words) < 2:
				p.note(Ignored, "user needs a value")
			default:
				p.checker.Misc.Path.User = words[1]
				p.checker.Misc.Path.Group = strings.Join(words[2:min(len(words), 3)], "")
			}
		}},
	}
}

func endMisc(p *parser) {
	if !p.checker.Misc.Path.IsSet() {
		p.dropChecker("MISC_CHECK has no misc_path")
	}
}

func dnsKeywords() []keyword {
	types := strings.Fields("A NS CNAME SOA MX TXT AAAA RRSIG DNSKEY")
	return []keyword{
		{name: "type", handle: func(p *parser, words []string) {
			w, ok := p.word(words, 1)
			if !ok || p.checker == nil {
				return
			}
			if !slices.Contains(types, strings.ToUpper(w)) {
				p.note(Ignored, "type: DNS_CHECK cannot ask for %s", quote(w))
				return
			}
			p.checker.DNS.Type = at(p, strings.ToUpper(w))
		}},
		{name: "name", handle: func(p *parser, words []string) {
			w, ok := p.word(words, 1)
			switch {
			case !ok || p.checker == nil:
			case p.checker.DNS.Name.IsSet():
				p.note(Ignored, "name is already %s", quote(p.checker.DNS.Name.V))
			case w != "." && strings.HasPrefix(w, "."), strings.Contains(w, ".."):
				p.note(Ignored, "name: %s has an empty label", quote(w))
			case len(w) > 1 && w[1] == '.': // dns_name_handler() in check_dns.c, up to 2.4.3
				p.note(
					Ignored,
					"name: keepalived takes the first label of %s for an empty one, since it is one letter, and asks for %s",
					quote(w), quote(p.checker.DNS.Name.V),
				)
			default:
				p.checker.DNS.Name = at(p, w)
			}
		}},
	}
}

func bfdKeywords() []keyword {
	return []keyword{
		{name: "name", handle: func(p *parser, words []string) {
			switch {
			case p.checker == nil:
			case len(words) != 2:
				p.dropChecker("BFD_CHECK needs one name")
			case !slices.Contains(p.bfds, words[1]):
				p.dropChecker("there is no bfd_instance %s before this line", quote(words[1]))
			case p.checker.BFD.Name.IsSet():
				p.dropChecker("BFD_CHECK has two names")
			default:
				p.checker.BFD.Name = at(p, words[1])
			}
		}},
		boolean("alpha", checkerField(func(c *Checker) *Value[bool] { return &c.Alpha })),
	}
}

func endBFD(p *parser) {
	if !p.checker.BFD.Name.IsSet() {
		p.dropChecker("BFD_CHECK has no name")
	}
}
