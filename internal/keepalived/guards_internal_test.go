package keepalived

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// fragment is a parser in the middle of a text that nobody has written: what
// it must not be asked to read is never in a file.
func fragment(version string) (*parser, *notes) {
	r, _ := parseRelease(version)
	all := &notes{}
	p := &parser{cfg: &Config{}, notes: all, tracked: map[string]*TrackedFile{}}
	p.reader = newReader(
		Options{
			FS: fstest.MapFS{"a": {Data: []byte("x\n")}}, Dir: "/", ConfigID: "host", MaxLines: 3000,
			MaxBytes: 1 << 20, MaxNames: 1000, release: r,
		},
		parent, tally{}, p.keep,
	)
	p.here = Pos{"/a", 1}
	return p, all
}

// readAll reads what is left of the fragment.
func (p *parser) readAll() {
	for {
		if _, ok := p.readLine(); !ok {
			return
		}
	}
}

// stopped stands for no note but the end of the reading.
const stopped NoteKind = -1

// TestGuards has what must never reach keepalived, word by word.
func TestGuards(t *testing.T) {
	rs := func(p *parser, c Checker) {
		p.rs = &RealServer{Checkers: []Checker{c}}
		p.checker = &p.rs.Checkers[0]
	}
	connects := []Connect{{Addr: Value[netip.Addr]{V: netip.IPv6Loopback()}}, {Addr: Value[netip.Addr]{V: netip.IPv6Loopback()}}}
	for _, tt := range []struct {
		name, version string
		run           func(p *parser)
		kind          NoteKind // 0: no note
		text          string
	}{
		{"an open quote of a script", "2.2.7", func(p *parser) {
			p.line = `misc_path "/x`
			p.script([]string{"misc_path"}, false)
		}, Fatal, "close it at the end of the command"},
		{"an open quote of a notify script", "2.2.7", func(p *parser) {
			p.line = `notify_up "/x`
			p.script([]string{"notify_up"}, true)
		}, Ignored, "a quote is not closed"},
		{"an open quote of a pattern", "2.2.7", func(p *parser) {
			p.line = `regex "x`
			setRegex(p, nil)
		}, Fatal, "close it at the end of the pattern"},
		{"no url", "2.2.7", func(p *parser) {
			rs(p, Checker{Kind: HTTPGet, HTTP: &HTTP{}, Connect: &Connect{}})
			endHTTP(p)
		}, Fatal, "give it one, or take it out"},
		{"no url, a later release", "2.2.8", func(p *parser) {
			rs(p, Checker{Kind: HTTPGet, HTTP: &HTTP{}, Connect: &Connect{}})
			endHTTP(p)
		}, Ignored, "HTTP_GET has no url"},
		{"two connections", "2.3.3", func(p *parser) {
			rs(p, Checker{Kind: SMTPCheck, Connect: &Connect{}, SMTP: &SMTP{}})
			p.hosts = connects
			endSMTP(p)
			p.endDoubled()
		}, Fatal, "write one SMTP_CHECK for each"},
		{"a group without a name", "2.2.7", func(p *parser) {
			startVirtualServer(p, []string{"virtual_server", "group"})
		}, Fatal, "needs a value"},
		{"a range beyond its /24", "2.2.7", func(p *parser) {
			p.groupEntry([]string{"192.0.2.0-192.0.3.0", "53"})
		}, Fatal, "write one line for each /24"},
		{"a definition of itself", "2.2.7", func(p *parser) {
			p.definitions["A"] = &definition{text: "$A"}
			p.replace("$A", nil)
		}, Fatal, "take it out of its own text"},
		{"definitions of each other", "2.2.7", func(p *parser) {
			p.definitions["A"], p.definitions["B"] = &definition{text: "$B"}, &definition{text: "$A"}
			p.replace("$A", nil)
		}, Fatal, "take it out of its own text"},
		{"an environment without a name", "2.4.0", func(p *parser) { p.replace("${_ENV }", nil) }, Fatal, "write ${_ENV NAME}"},
		{"an environment before it came", "2.3.4", func(p *parser) { p.replace("${_ENV }", nil) }, Trap, "is not defined"},
		{
			"a condition in front of too much", "2.2.7", func(p *parser) { p.condition("@host a", 2) }, Fatal,
			"write the condition into the line itself",
		},
		{"includes without end", "2.2.7", func(p *parser) {
			for range maxDepth + 1 {
				p.open("a", strictness{})
			}
		}, Fatal, "take the include out that leads back"},
		{"lines of itself", "2.2.7", func(p *parser) {
			p.definitions["A"] = &definition{text: "x\n$A", multiline: true}
			p.residue = "$A"
			p.readAll()
		}, stopped, "more lines than 3000, the limit of this reader"},
		{"lines of itself within themselves", "2.2.7", func(p *parser) {
			p.definitions["A"] = &definition{text: "$A\nx", multiline: true}
			p.residue = "$A"
			p.readAll()
		}, stopped, "definitions within each other more than 1000 deep"},
		{"definitions that double", "2.2.7", func(p *parser) {
			p.definitions["A0"] = &definition{text: "x"}
			for i := range 40 {
				p.definitions[fmt.Sprintf("A%d", i+1)] = &definition{text: fmt.Sprintf("$A%d\n$A%[1]d", i), multiline: true}
			}
			p.residue = "$A40"
			p.readAll()
		}, stopped, "more lines than 3000"},
		{"lines that double in length", "2.2.7", func(p *parser) {
			p.definitions["A0"] = &definition{text: strings.Repeat("x", 900)}
			p.sequences = []*sequence{{names: []string{"i"}, counts: true, last: 1 << 59, step: 1, base: 10, text: "$A0"}}
			p.counted = 1
			p.readAll()
		}, stopped, "more text than 1048576 bytes"},
		{"a sequence that opens itself", "2.2.7", func(p *parser) {
			p.definitions["A"] = &definition{text: "~SEQ(i, 1, 9) $A"}
			p.residue = "$A"
			p.readAll()
		}, stopped, "sequences within each other more than 1000 deep"},
		{"a sequence without end", "2.2.7", func(p *parser) {
			p.sequences = []*sequence{{names: []string{"i"}, counts: true, last: 1 << 59, step: 1, base: 10, text: "x"}}
			p.counted = 1
			p.readAll()
		}, stopped, "more lines than 3000"},
		{"lines of no block", "2.2.7", func(p *parser) {
			p.leaveOut(p.lastVirtualServer)
			p.bare()
		}, Unresolved, "belong to no other block"},
		{"a variable at the end of a line", "2.2.7", func(p *parser) {
			p.definitions["A"] = &definition{text: "x\n", multiline: true}
			p.set("A", "1")
			p.replace("$A", nil)
		}, Unresolved, "take another name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, all := fragment(tt.version)
			tt.run(p)
			if tt.kind == stopped {
				if p.stopped == nil || !strings.Contains(p.stopped.Error(), tt.text) {
					t.Errorf("stopped by %v, want %q", p.stopped, tt.text)
				}
				return
			}
			if !slices.ContainsFunc(all.list, func(n Note) bool { return n.Kind == tt.kind && strings.Contains(n.Text, tt.text) }) {
				t.Errorf("no %s note %q: %v", tt.kind, tt.text, all.list)
			}
			for _, n := range all.list {
				if strings.Contains(n.Text, "crash") || strings.Contains(n.Text, "never end") {
					t.Errorf("the note tells what it does to keepalived: %v", n)
				}
			}
		})
	}
	p, all := fragment("2.3.4")
	rs(p, Checker{Kind: SMTPCheck, Connect: &Connect{}, SMTP: &SMTP{}})
	p.hosts = slices.Clone(connects)
	endSMTP(p)
	p.endDoubled()
	if len(p.rs.Checkers) != 2 || slices.ContainsFunc(all.list, func(n Note) bool { return n.Kind == Fatal }) {
		t.Errorf("two connections of 2.3.4 make %d checkers: %v", len(p.rs.Checkers), all.list)
	}
}

// TestHostBlock has the words of a host block of SMTP_CHECK: before 2.2.8 they
// are those of the host.
func TestHostBlock(t *testing.T) {
	for version, want := range map[string][]uint16{"2.2.7": {2525}, "2.3.4": {2525, 25}} {
		p, _ := fragment(version)
		rs := RealServer{Addr: netip.IPv6Loopback(), Port: 25}
		p.vs = &VirtualServer{RealServers: []RealServer{rs}}
		p.rs = &p.vs.RealServers[0]
		check := checkerKeywords()[slices.IndexFunc(checkerKeywords(), func(k keyword) bool { return k.name == string(SMTPCheck) })]
		host := check.sub[slices.IndexFunc(check.sub, func(k keyword) bool { return k.name == "host" })]
		port := host.sub[slices.IndexFunc(host.sub, func(k keyword) bool { return k.name == "connect_port" })]
		check.handle(p, []string{check.name})
		host.handle(p, []string{"host"})
		port.handle(p, []string{"connect_port", "2525"})
		host.end(p)
		check.end(p)
		var ports []uint16
		for _, c := range p.rs.Checkers {
			ports = append(ports, c.Connect.Port.V)
		}
		if !slices.Equal(ports, want) {
			t.Errorf("%s: checks of the ports %v, want %v", version, ports, want)
		}
	}
}

// TestTooManyServices has a group that stands for more services than the limit.
func TestTooManyServices(t *testing.T) {
	first, last := netip.MustParseAddr("2001:db8::"), netip.MustParseAddr("2001:db8::ffff")
	g := Group{Name: "G"}
	for port := range uint16(5) {
		g.Entries = append(g.Entries, GroupEntry{First: first, Last: last, Port: port + 1, Family: IPv6})
	}
	cfg := &Config{Groups: []Group{g}, VirtualServers: []VirtualServer{{
		Group: "G", Family: IPv6, Protocol: Value[Protocol]{V: UDP}, RealServers: []RealServer{{Addr: last, Port: 53}},
	}}}
	if table := cfg.expand(State{}); !table.full || len(table.services) != maxServices {
		t.Errorf("%d services, full: %t", len(table.services), table.full)
	}
}

// TestMoved has lines as keepalived moves them when it counts too few bytes.
func TestMoved(t *testing.T) {
	for _, tt := range []struct {
		line, text string
		length     int
		want       string
		ok         bool
	}{
		{"@lab lb_kind DR", "lb_kind DR", 10, "lb_kind DR", true},
		{"@lab lb_kind DR", "lb_kind DR", 12, "lb_kind DR", true},
		{"@lab lb_kind DR", "lb_kind DR", 9, "lb_kind DRnd DR", true},
		{"@lab lb_kind DR", "lb_kind DR", 8, "lb_kind Dind DR", true},
		{"@lab weight 5", "weight 5", 6, "weight ight 5", true},
		{"@lab x", "x", 0, "xlab x", true},
		{"@lab x", "x", -1, "@lab x", true},
		{"@lab x", "x", -2, "", false},
	} {
		if got, ok := moved(tt.line, tt.text, tt.length); got != tt.want || ok != tt.ok {
			t.Errorf("moved(%q, %q, %d) = %q, %t, want %q, %t", tt.line, tt.text, tt.length, got, ok, tt.want, tt.ok)
		}
	}
}
