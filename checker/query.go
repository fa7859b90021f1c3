package checker

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// DefaultEDNSSize is the UDP payload size that a query offers: the largest that
// passes every path without fragments (DNS flag day 2020).
const DefaultEDNSSize = 1232

// Ask says how the questions are put.
type Ask struct {
	NoRecurse bool         // RD=0
	NoEDNS    bool         // no OPT record
	EDNSSize  uint16       // UDP payload size offered; 0 means DefaultEDNSSize
	DNSSEC    bool         // DO=1
	Subnet    netip.Prefix // EDNS client subnet (RFC 7871); zero: none
	NSID      bool         // ask for the server's name (RFC 5001)
	TSIG      *TSIGKey     // sign, and take signed answers only; nil: neither
}

// query is one try of a question, as it went out.
type query struct {
	question Question
	id       uint16
	wire     []byte
	mac      string // the request's MAC, for the answer's signature
}

// newQuery builds the question as a packet with the given message ID.
func newQuery(q Question, a Ask, id uint16, now time.Time) (query, error) {
	m := &dns.Msg{
		MsgHdr:   dns.MsgHdr{Id: id, RecursionDesired: !a.NoRecurse},
		Question: []dns.Question{{Name: q.Name, Qtype: q.Type, Qclass: q.Class}},
	}
	if !a.NoEDNS {
		m.Extra = append(m.Extra, a.opt())
	}
	if a.TSIG != nil {
		return a.TSIG.sign(m, q, now)
	}
	wire, err := m.Pack()
	if err != nil {
		return query{}, fmt.Errorf("the question %s does not fit into a DNS message: its name is no domain name", q)
	}
	return query{question: q, id: id, wire: wire}, nil
}

func (a Ask) opt() *dns.OPT {
	size := a.EDNSSize
	if size == 0 {
		size = DefaultEDNSSize
	}
	o := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}}
	o.SetUDPSize(size)
	if a.DNSSEC {
		o.SetDo()
	}
	if a.NSID {
		o.Option = append(o.Option, &dns.EDNS0_NSID{Code: dns.EDNS0NSID})
	}
	if a.Subnet.IsValid() {
		family := uint16(1) // address family numbers (RFC 7871 section 6)
		if a.Subnet.Addr().Is6() {
			family = 2
		}
		o.Option = append(o.Option, &dns.EDNS0_SUBNET{
			Code: dns.EDNS0SUBNET, Family: family,
			SourceNetmask: uint8(a.Subnet.Bits()), Address: a.Subnet.Masked().Addr().AsSlice(),
		})
	}
	return o
}

// nsidOf returns the server's name from a reply's NSID option, "" without one.
func nsidOf(m *dns.Msg) string {
	o := m.IsEdns0()
	if o == nil {
		return ""
	}
	for _, opt := range o.Option {
		if n, ok := opt.(*dns.EDNS0_NSID); ok {
			raw, err := hex.DecodeString(n.Nsid)
			if err != nil {
				return ""
			}
			return string(raw)
		}
	}
	return ""
}
