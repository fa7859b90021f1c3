package exporter

import (
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// families are those in which a firewall mark has virtual servers.
type families struct{ ipv4, ipv6 bool }

// one is the family if there is just one.
func (f families) one() ipvs.Family {
	switch f {
	case families{ipv4: true}:
		return ipvs.IPv4
	case families{ipv6: true}:
		return ipvs.IPv6
	default:
		return 0
	}
}

// both reports whether it has them in both.
func (f families) both() bool { return f.ipv4 && f.ipv6 }

// marks knows the families of firewall marks.
type marks map[uint32]families

// add takes in the family of a virtual server that is known by its mark.
func (m marks) add(k ipvs.ServiceKey) {
	f := m[k.FWMark]
	f.ipv4, f.ipv6 = f.ipv4 || k.Family == ipvs.IPv4, f.ipv6 || k.Family == ipvs.IPv6
	m[k.FWMark] = f
}

// configuredMarks are those of keepalived.conf; of none, if there is no configuration.
func configuredMarks(cfg *keepalived.Config) marks {
	m := marks{}
	if cfg == nil {
		return m
	}
	for _, s := range cfg.Desired(nil) {
		if s.IsFWMark() {
			m.add(lvs.Service(s).ServiceKey)
		}
	}
	return m
}

// knownMarks are those of keepalived.conf and of the kernel; either may be nil.
func knownMarks(cfg *keepalived.Config, v *view) marks {
	m := configuredMarks(cfg)
	if v != nil {
		for _, e := range v.table.Entries {
			if k := e.Service.ServiceKey; k.FWMark != 0 && !e.Gone {
				m.add(k)
			}
		}
	}
	return m
}

// settle finds the families that /proc/net/ip_vs does not tell: a firewall mark without real servers, or with tunnels alone, which may lead to
// another family. keepalived.conf knows; without it the tunnels are taken at their word if all agree.
func (m marks) settle(t *ipvs.Table) {
	for i := range t.Entries {
		s := &t.Entries[i].Service
		if s.FWMark == 0 || s.Family != 0 {
			continue
		}
		if s.Family = m[s.FWMark].one(); s.Family != 0 {
			continue
		}
		to := marks{}
		for _, d := range t.Entries[i].Destinations {
			to.add(ipvs.Mark(d.Family(), s.FWMark))
		}
		s.Family = to[s.FWMark].one()
	}
}

// markedProc is a Proc with the families of its marks.
type markedProc struct {
	Proc
	configuration func() (*keepalived.Config, error)
	now           func() time.Time

	mu   sync.Mutex
	read time.Time
	last marks
}

// Table implements Proc.
func (p *markedProc) Table() (ipvs.Table, ipvs.Info, error) {
	t, info, err := p.Proc.Table()
	for _, e := range t.Entries {
		if e.Service.FWMark != 0 && e.Service.Family == 0 {
			p.configured().settle(&t)
			break
		}
	}
	return t, info, err
}

// configured reads keepalived.conf, which changes rarely and is not cheap, not more often than every ten seconds. One that can't be read
// knows nothing; the source keepalived says why.
func (p *markedProc) configured() marks {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); p.last == nil || now.Sub(p.read) >= 10*time.Second {
		cfg, _ := p.configuration()
		p.last, p.read = configuredMarks(cfg), now
	}
	return p.last
}
