package keepalived

import (
	"strconv"
	"strings"
	"time"
)

func udpKeywords() []keyword {
	length := func(name string, field func(*UDPPayload) *Value[int]) keyword {
		return integer(name, 0, 65535, false, checkerField(func(c *Checker) *Value[int] { return field(c.UDP) }))
	}
	return []keyword{
		{name: "payload", handle: func(p *parser, words []string) {
			if p.checker == nil {
				return
			}
			data, _, ok := p.hexBytes(words, false)
			if !ok {
				p.note(Ignored, "payload needs hexadecimal digits")
				return
			}
			p.checker.UDP.Payload = at(p, data)
		}},
		{name: "require_reply", handle: func(p *parser, words []string) {
			if p.checker == nil {
				return
			}
			p.checker.UDP.RequireReply = at(p, true)
			if len(words) == 1 {
				return
			}
			_, text, ok := p.hexBytes(words, true)
			if !ok {
				p.note(Ignored, "require_reply: the text is not hexadecimal: keepalived takes any reply")
				return
			}
			p.checker.UDP.Reply = at(p, text)
		}},
		length("min_reply_length", func(u *UDPPayload) *Value[int] { return &u.MinReplyLength }),
		length("max_reply_length", func(u *UDPPayload) *Value[int] { return &u.MaxReplyLength }),
	}
}

func (p *parser) hexBytes(words []string, wildcards bool) (data []byte, text string, ok bool) {
	data, text, ok = hexText(strings.Join(words[1:], " "), wildcards)
	// Before 2.3.2 keepalived takes a last byte ff for its mark of an error.
	return data, text, ok && (p.release >= v232 || !strings.HasSuffix(text, "ff"))
}

// hexText reads bytes of one or two hexadecimal digits. With wildcards, x
// stands for any digit and counts as 0 in data.
func hexText(s string, wildcards bool) (data []byte, text string, ok bool) {
	var b strings.Builder
	for {
		if s = strings.TrimLeft(s, blank); s == "" {
			return data, b.String(), len(data) > 0
		}
		n := 1
		if len(s) > 1 && s[1] != ' ' {
			n = 2
		}
		digits := strings.ToLower(s[:n])
		plain := digits
		if wildcards {
			plain = strings.ReplaceAll(digits, "x", "0")
		}
		v, err := strconv.ParseUint(plain, 16, 8)
		if err != nil {
			return nil, "", false
		}
		data = append(data, byte(v))
		b.WriteString(strings.Repeat("0", 2-n) + digits)
		s = s[n:]
	}
}

func endUDP(p *parser) {
	u := p.checker.UDP
	if u.MinReplyLength.V > u.MaxReplyLength.V {
		p.note(Trap, "min_reply_length is above max_reply_length: the check always fails")
	}
	endConnect(p)
}

func smtpKeywords() []keyword {
	return []keyword{
		text("helo_name", checkerField(func(c *Checker) *Value[string] { return &c.SMTP.Helo })),
		{
			name: "host",
			handle: func(p *parser, _ []string) {
				if p.rs != nil {
					// Nothing but connect_timeout fills in this time.
					p.host = &Connect{Timeout: at[time.Duration](p, 0)}
					p.host.Addr.V, p.host.Port.V = p.rs.Addr, p.rs.Port
				}
			},
			sub: append(connectKeywords(), commonKeywords()...),
			end: func(p *parser) {
				if p.host != nil {
					p.hosts = append(p.hosts, *p.host)
					if p.host.Timeout.V == 0 {
						p.note(Trap, "a host without connect_timeout is given no time to answer, so the check fails")
					}
				}
				p.host = nil
			},
		},
	}
}

// endSMTP makes one checker of each host block, and of the connection that the
// checker itself describes, if it describes one or there are no hosts.
func endSMTP(p *parser) {
	own, hosts := p.checker.Connect, p.hosts
	described := own.Addr.IsSet() || own.Port.IsSet() || own.BindAddr.IsSet() || own.BindPort.IsSet() ||
		own.Interface.IsSet() || own.FWMark.IsSet() || own.Timeout.IsSet()
	if !described && len(hosts) > 0 {
		*own, hosts = hosts[0], hosts[1:]
	}
	checker := *p.checker
	endConnect(p)
	if p.checker == nil {
		return
	}
	if len(hosts) > 0 && p.release >= v230 && p.release < v234 {
		p.note(Fatal, "an SMTP_CHECK with several connections: this keepalived queues the second checker twice and never ends starting: write one SMTP_CHECK for each")
	}
	for _, h := range hosts {
		c := checker
		c.Connect = &h
		p.rs.Checkers = append(p.rs.Checkers, c)
	}
}

func fileKeywords() []keyword {
	return []keyword{
		{name: "track_file", handle: func(p *parser, words []string) {
			w, ok := p.word(words, 1)
			switch {
			case !ok || p.checker == nil:
			case p.tracked[w] == nil:
				p.note(Ignored, "there is no track_file %s before this line", quote(w))
			default:
				p.checker.File.Name = at(p, w)
			}
		}},
		{name: "weight", handle: func(p *parser, words []string) {
			if p.checker == nil {
				return
			}
			if w, ok := p.fileWeight(words, maxWeight); ok {
				w.Name = p.checker.File.Name
				*p.checker.File = w
			}
		}},
	}
}

// fileWeight reads the weight of a file, with its direction.
func (p *parser) fileWeight(words []string, most int64) (f TrackedFile, ok bool) {
	if len(words) < 2 {
		p.note(Ignored, "weight needs a value")
		return f, false
	}
	v, err := strconv.ParseInt(strings.TrimLeft(words[1], whitespace), 10, 64)
	if err != nil || v < -most || v > most {
		p.note(Ignored, "weight: %s is not between %d and %d", quote(words[1]), -most, most)
		return f, false
	}
	f.Weight = at(p, int(v))
	if len(words) > 2 {
		switch words[2] {
		case "reverse":
			f.Reverse = at(p, true)
		case "noreverse":
			f.Reverse = at(p, false)
		default:
			p.note(Ignored, "weight: keepalived knows no option %s", quote(words[2]))
			return f, false
		}
	}
	return f, true
}

func endFile(p *parser) {
	f := p.checker.File
	file := p.tracked[f.Name.V]
	if file == nil {
		p.dropChecker("FILE_CHECK has no track_file")
		return
	}
	if !f.Weight.IsSet() {
		f.Weight, f.Reverse = file.Weight, file.Reverse
	}
}
