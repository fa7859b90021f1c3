package keepalived

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ParseBelief reads the text of keepalived_check.data. The format is not
// promised by keepalived, so lines that it does not know are passed over; one
// that it knows and cannot read is a note. The tests have dumps of 2.2.7 and
// 2.3.3.
func ParseBelief(text string) Belief {
	p := &beliefParser{}
	for line := range strings.Lines(text) {
		p.line++
		line = strings.TrimRight(line, "\r\n")
		if section, ok := strings.CutPrefix(line, "------< "); ok {
			p.section, _, _ = strings.Cut(section, " >")
			p.begun = p.begun || p.section == "Global definitions"
			continue
		}
		switch p.section {
		case "LVS Topology":
			p.topology(line)
		case "Health checkers":
			p.checkerLine(line)
		}
	}
	if len(p.b.VirtualServers) == 0 && !p.begun { // A keepalived without one writes its global definitions all the same.
		p.note(0, "no dump, or not its beginning: there are no global definitions")
	}
	p.incomplete()
	return p.b
}

type beliefParser struct {
	b       Belief
	line    int
	section string
	begun   bool            // the first section, which every dump has
	seen    map[string]bool // keys of the present block
	block   string
	at      int // where the present block starts
}

func (p *beliefParser) note(line int, format string, args ...any) {
	p.b.Notes = append(p.b.Notes, BeliefNote{line, fmt.Sprintf(format, args...)})
}

// begin starts a block, of which some lines must follow.
func (p *beliefParser) begin(block string) {
	p.incomplete()
	p.block, p.at, p.seen = block, p.line, map[string]bool{}
}

// incomplete notes the lines that the last block should have had.
func (p *beliefParser) incomplete() {
	required := map[string][]string{
		"virtual server": {"alive", "quorum_state_up"},
		"real server":    {"alive", "RS set", "initial weight", "effective weight"},
		"checker":        {"Up", "Has run", "Enabled", "Keepalive method"},
	}
	for _, key := range required[p.block] {
		if !p.seen[key] {
			p.note(p.at, "the %s has no line %q", p.block, key)
		}
	}
	p.block = ""
}

// setting cuts "key = value" and "key is value".
func setting(line string) (key, value string, indent int) {
	text := strings.TrimLeft(line, " ")
	indent = len(line) - len(text)
	key, value, ok := strings.Cut(text, " = ")
	if !ok {
		if key, value, ok = strings.Cut(text, " is "); !ok {
			return "", "", indent
		}
	}
	return strings.TrimSpace(key), value, indent
}

func (p *beliefParser) topology(line string) {
	if strings.Contains(line, "------< ") {
		p.begin("") // A name follows.
		return
	}
	key, value, indent := setting(line)
	switch key {
	case "":
		return
	case "VS VIP", "VS FWMARK", "VS GROUP":
		p.startVS(key, value)
		return
	case "RIP":
		p.startRS(value)
		return
	}
	var err error
	last := len(p.b.VirtualServers) - 1
	switch p.block {
	case "virtual server":
		err = p.b.VirtualServers[last].set(key, value, indent)
		key = strings.TrimPrefix(key, "VS ") // "VS alive" since 2.3.
	case "real server":
		servers := p.b.VirtualServers[last].RealServers
		err = servers[len(servers)-1].set(key, value)
	default:
		return // A group.
	}
	p.done(key, line, err)
}

// done takes note of a line that was read.
func (p *beliefParser) done(key, line string, err error) {
	if p.seen[key] = true; err != nil {
		p.note(p.line, "cannot read %q: %v", strings.TrimSpace(line), err)
	}
}

func (p *beliefParser) startVS(key, value string) {
	p.begin("virtual server")
	v := BelievedVS{Line: p.line}
	var err error
	switch key {
	case "VS FWMARK":
		v.Name.FWMark, err = parseUint32(value)
	case "VS GROUP":
		v.Name, err = parseVSName(value)
	default:
		addr, port, _ := strings.Cut(value, ", VPORT = ")
		v.Name.Addr, v.Name.Port, err = parseEndpoint(addr, port)
	}
	p.b.VirtualServers = append(p.b.VirtualServers, v)
	p.done(key, key+" = "+value, err)
}

func (p *beliefParser) startRS(value string) {
	last := len(p.b.VirtualServers) - 1
	if last < 0 {
		p.note(p.line, "a real server without a virtual server")
		return
	}
	p.begin("real server")
	r := BelievedRS{Line: p.line}
	addr, rest, _ := strings.Cut(value, ", RPORT = ")
	port, rest, _ := strings.Cut(rest, ", WEIGHT = ")
	weight, _, _ := strings.Cut(rest, " ")
	var err, werr error
	r.Name.Addr, r.Name.Port, err = parseEndpoint(addr, port)
	r.Weight, werr = strconv.Atoi(weight)
	v := &p.b.VirtualServers[last]
	v.RealServers = append(v.RealServers, r)
	p.done("RIP", "RIP = "+value, errors.Join(err, werr))
}

func (p *beliefParser) checkerLine(line string) {
	if vs, rs, ok := strings.Cut(line, " -> "); ok && strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "  ") {
		p.begin("checker")
		c := BelievedChecker{Line: p.line}
		var verr, rerr error
		c.VS, verr = parseVSName(strings.TrimSpace(vs))
		c.RS, rerr = parseRSName(rs)
		p.b.Checkers = append(p.b.Checkers, c)
		p.done("", line, errors.Join(verr, rerr))
		return
	}
	key, value, _ := setting(line)
	if key == "" || p.block != "checker" {
		return
	}
	p.done(key, line, p.b.Checkers[len(p.b.Checkers)-1].set(key, value))
}
