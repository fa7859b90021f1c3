package servers

import (
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// Families are those in which a firewall mark has virtual servers.
type Families struct{ ipv4, ipv6 bool }

// One is the family if there is just one.
func (f Families) One() ipvs.Family {
	switch f {
	case Families{ipv4: true}:
		return ipvs.IPv4
	case Families{ipv6: true}:
		return ipvs.IPv6
	default:
		return 0
	}
}

// Both reports whether it has them in both.
func (f Families) Both() bool { return f.ipv4 && f.ipv6 }

// Marks knows the families of firewall marks.
type Marks map[uint32]Families

// Add takes in the family of a virtual server that is known by its mark.
func (m Marks) Add(k ipvs.ServiceKey) {
	f := m[k.FWMark]
	f.ipv4, f.ipv6 = f.ipv4 || k.Family == ipvs.IPv4, f.ipv6 || k.Family == ipvs.IPv6
	m[k.FWMark] = f
}

// configuredMarks are those of keepalived.conf; of none, if there is no configuration.
func configuredMarks(cfg *keepalived.Config) Marks {
	m := Marks{}
	if cfg == nil {
		return m
	}
	for _, s := range cfg.Desired(nil) {
		if s.IsFWMark() {
			m.Add(lvs.Service(s).ServiceKey)
		}
	}
	return m
}

// KnownMarks are those of keepalived.conf and of the kernel; either may be nil.
func KnownMarks(cfg *keepalived.Config, v *View) Marks {
	m := configuredMarks(cfg)
	if v != nil {
		for _, e := range v.Table.Entries {
			if k := e.Service.ServiceKey; k.FWMark != 0 && !e.Gone {
				m.Add(k)
			}
		}
	}
	return m
}

// settle finds the families that /proc/net/ip_vs does not tell: a firewall mark without real servers, or with tunnels alone, which may lead to
// another family. keepalived.conf knows; without it the tunnels are taken at their word if all agree.
func (m Marks) settle(t *ipvs.Table) {
	for i := range t.Entries {
		s := &t.Entries[i].Service
		if s.FWMark == 0 || s.Family != 0 {
			continue
		}
		if s.Family = m[s.FWMark].One(); s.Family != 0 {
			continue
		}
		to := Marks{}
		for _, d := range t.Entries[i].Destinations {
			to.Add(ipvs.Mark(d.Family(), s.FWMark))
		}
		s.Family = to[s.FWMark].One()
	}
}

// MarkedProc is a Proc with the families of its marks.
type MarkedProc struct {
	Proc
	Configuration func() (*keepalived.Config, error)
	Now           func() time.Time

	mu   sync.Mutex
	read time.Time
	last Marks
}

// Table implements Proc.
func (p *MarkedProc) Table() (ipvs.Table, ipvs.Info, error) {
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
func (p *MarkedProc) configured() Marks {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.Now(); p.last == nil || now.Sub(p.read) >= 10*time.Second {
		cfg, _ := p.Configuration()
		p.last, p.read = configuredMarks(cfg), now
	}
	return p.last
}
