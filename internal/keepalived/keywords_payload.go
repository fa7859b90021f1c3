package keepalived

import (
	"strconv"
	"strings"
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
