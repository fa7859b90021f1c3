package keepalived

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// sharedKeywords are the blocks that both the checker and the VRRP process read.
func sharedKeywords() []keyword {
	return []keyword{
		trackFile("track_file"),
		trackFile("vrrp_track_file"),
		{
			name: "bfd_instance",
			handle: func(p *parser, words []string) {
				name, ok := p.word(words, 1)
				switch {
				case !ok:
				case slices.Contains(p.bfds, name):
					p.note(Ignored, "there is a bfd_instance %s already", quote(name))
					p.skipBlock()
				default:
					p.bfds = append(p.bfds, name)
				}
			},
			sub: others(func(*parser) *[]Statement { return nil }, `source_ip neighbor_ip neighbour_ip min_rx min_tx
				idle_tx multiplier passive ttl hoplimit max_hops multihop@2.2.8 weight vrrp checker`),
		},
	}
}

func vrrpKeywords() []keyword {
	none := func(*parser) *[]Statement { return nil }
	return []keyword{
		nestedLines("track_group", "group"),
		lines("static_ipaddress", none),
		lines("static_routes", none),
		lines("static_rules", none),
		{name: "vrrp_sync_group", handle: startSyncGroup, sub: syncGroupKeywords(), end: func(p *parser) { p.sync = nil }},
		{name: "garp_group", sub: append(others(none, "garp_interval gna_interval interface"), lines("interfaces", none))},
		lines("linkbeat_interfaces", none),
		{name: "vrrp_instance", handle: startInstance, sub: instanceKeywords(), end: func(p *parser) { p.instance = nil }},
		{name: "vrrp_script", handle: startVRRPScript, sub: vrrpScriptKeywords(), end: func(p *parser) { p.track = nil }},
		nested("vrrp_track_process", none, "process param_match weight quorum quorum_max delay terminate_delay fork_delay full_command"),
		lines("interface_up_down_delays", none),
	}
}

func nestedLines(name, inner string) keyword {
	return keyword{name: name, sub: []keyword{lines(inner, func(*parser) *[]Statement { return nil })}}
}

func startSyncGroup(p *parser, words []string) {
	p.sync = nil
	if name, ok := p.named(words, func(name string) bool {
		return slices.ContainsFunc(p.cfg.SyncGroups, func(g SyncGroup) bool { return g.Name == name })
	}, p.lastSyncGroup); ok {
		p.cfg.SyncGroups = append(p.cfg.SyncGroups, SyncGroup{Pos: p.here, Name: name})
		p.lastSyncGroup()
	}
}

// lastSyncGroup makes the last sync group the present one.
func (p *parser) lastSyncGroup() Pos {
	if n := len(p.cfg.SyncGroups); n > 0 {
		p.sync = &p.cfg.SyncGroups[n-1]
		return p.sync.Pos
	}
	return Pos{}
}

func startInstance(p *parser, words []string) {
	p.instance = nil
	if name, ok := p.named(words, func(name string) bool {
		return slices.ContainsFunc(p.cfg.Instances, func(i Instance) bool { return i.Name == name })
	}, p.lastInstance); ok {
		p.cfg.Instances = append(p.cfg.Instances, Instance{Pos: p.here, Name: name, Priority: Value[uint8]{V: defaultPriority}})
		p.lastInstance()
	}
}

// lastInstance makes the last instance the present one.
func (p *parser) lastInstance() Pos {
	if n := len(p.cfg.Instances); n > 0 {
		p.instance = &p.cfg.Instances[n-1]
		return p.instance.Pos
	}
	return Pos{}
}

// named returns the name of a block that must have one of its own. last is the
// block of the kind before it.
func (p *parser) named(words []string, taken func(string) bool, last func() Pos) (name string, ok bool) {
	lost := strings.Join(words, " ")
	switch {
	case len(words) != 2:
		p.lose(lost, "write one name behind "+words[0], "%s must have one name: keepalived leaves the block out", words[0])
	case taken(words[1]):
		p.lose(lost, "give it a name of its own", "there is a %s %s already: keepalived leaves the block out", words[0], quote(words[1]))
	default:
		return words[1], true
	}
	p.leaveOut(last)
	return "", false
}

func startVRRPScript(p *parser, words []string) {
	p.track = nil
	if name, ok := p.word(words, 1); ok {
		p.cfg.Scripts = append(p.cfg.Scripts, VRRPScript{Pos: p.here, Name: name, Interval: Value[time.Duration]{V: time.Second}})
		p.track = &p.cfg.Scripts[len(p.cfg.Scripts)-1]
	}
}

func vrrpScriptKeywords() []keyword {
	field := func(f func(*VRRPScript) *Value[time.Duration]) func(*parser) *Value[time.Duration] {
		return func(p *parser) *Value[time.Duration] {
			if p.track == nil {
				return nil
			}
			return f(p.track)
		}
	}
	more := func(p *parser) *[]Statement {
		if p.track == nil {
			return nil
		}
		return &p.track.Other
	}
	return append([]keyword{
		{name: "script", handle: func(p *parser, words []string) {
			if s := p.script(words, false); s.IsSet() && p.track != nil {
				s.User, s.Group = p.track.Script.User, p.track.Script.Group
				p.track.Script = s
			}
		}},
		scriptTime("interval", field(func(s *VRRPScript) *Value[time.Duration] { return &s.Interval })),
		scriptTime("timeout", field(func(s *VRRPScript) *Value[time.Duration] { return &s.Timeout })),
		{name: "user", handle: func(p *parser, words []string) {
			if len(words) < 2 {
				p.note(Ignored, "user needs a value")
			} else if p.track != nil {
				p.track.Script.User, p.track.Script.Group = words[1], strings.Join(words[2:min(len(words), 3)], "")
			}
		}},
	}, others(more, "weight rise fall init_fail")...)
}

// scriptTime is a time of a vrrp_script: whole seconds before 2.3.2, since then with up to three decimal places. 0 is a second.
func scriptTime(name string, field func(*parser) *Value[time.Duration]) keyword {
	const most = maxUint32 / 1_000_000
	return keyword{name: name, handle: func(p *parser, words []string) {
		w, ok := p.word(words, 1)
		if !ok {
			return
		}
		var n number
		if p.release < v232 {
			n = readUnsigned(w, 0, most, true)
			n.v *= 1_000_000
		} else {
			n = microseconds(w, 0, most*1_000_000)
			if fine := n.v % 1000; n.ok && fine != 0 {
				n.v += 500
				n.v -= n.v % 1000
				n.complaint = w + " has more than three decimal places: keepalived rounds it"
			}
		}
		f := field(p)
		if !p.accept(words, n) || f == nil {
			return
		}
		if n.v == 0 {
			p.note(Adjusted, "%s: keepalived takes 1s for no time", name)
			n.v = 1_000_000
		}
		*f = at(p, duration(n.v))
	}}
}

// notifies are the scripts of an instance; a group has those without a star.
const notifies = "notify_backup notify_master notify_fault notify_stop notify notify_deleted* notify_master_rx_lower_pri*"

func notifyKeywords(list func(*parser) *[]Notify, all bool) []keyword {
	var keywords []keyword
	for _, name := range strings.Fields(notifies) {
		event, only := strings.CutSuffix(name, "*")
		if only && !all {
			continue
		}
		keywords = append(keywords, keyword{name: event, handle: func(p *parser, words []string) {
			l := list(p)
			switch {
			case l == nil:
			case slices.ContainsFunc(*l, func(n Notify) bool { return n.Event == event }):
				p.note(Ignored, "there is a %s already", event)
			default:
				if s := p.script(words, true); s.IsSet() {
					*l = append(*l, Notify{Event: event, Script: s})
				}
			}
		}})
	}
	return keywords
}

func syncGroupKeywords() []keyword {
	of := func(field func(*SyncGroup) *[]Statement) func(*parser) *[]Statement {
		return func(p *parser) *[]Statement {
			if p.sync == nil {
				return nil
			}
			return field(p.sync)
		}
	}
	track := of(func(g *SyncGroup) *[]Statement { return &g.Track })
	keywords := notifyKeywords(func(p *parser) *[]Notify {
		if p.sync == nil {
			return nil
		}
		return &p.sync.Notify
	}, false)
	keywords = append(keywords, keyword{name: "group", handle: addMembers})
	for _, name := range []string{"track_interface", "track_script", "track_file", "track_process", "track_bfd"} {
		keywords = append(keywords, lines(name, track))
	}
	return append(keywords, others(of(func(g *SyncGroup) *[]Statement { return &g.Other }),
		"smtp_alert global_tracking sync_group_tracking_weight notify_priority_changes")...)
}

func addMembers(p *parser, words []string) {
	if p.sync == nil || p.sync.Members != nil {
		p.note(Ignored, "the members are listed already")
		p.skipBlock()
		return
	}
	p.values(words, func(words []string) {
		for _, w := range words {
			p.sync.Members = append(p.sync.Members, at(p, w))
		}
	})
}

// vip reads one line of virtual_ipaddress.
func (p *parser) vip(words []string) (VIP, bool) {
	text, length, masked := strings.Cut(words[0], "/")
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		p.loseMember(words, "write an IP address, and behind a slash its prefix length", "%s is not an IP address", quote(words[0]))
		return VIP{}, false
	}
	bits := addr.BitLen()
	if masked {
		if n := readUnsigned(length, 0, uint64(bits), true); p.accept(words, n) {
			bits = int(n.v)
		}
	}
	v := VIP{Pos: p.here, Prefix: netip.PrefixFrom(addr, bits), Other: words[1:]}
	if i := slices.Index(v.Other, "dev"); i >= 0 && i+1 < len(v.Other) {
		v.Dev, v.Other = v.Other[i+1], slices.Delete(slices.Clone(v.Other), i, i+2)
	}
	return v, true
}
