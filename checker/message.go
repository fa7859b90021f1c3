package checker

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/lvsdns/lvsdns/checker/internal/words"
	"github.com/miekg/dns"
)

// sections names the three lists of records of a message, in order (RFC 1035 section 4.1).
var sections = [...]string{"answer", "authority", "additional"}

// message reads a DNS message from its octets, part by part, because how much of it counts depends on what was
// read. It is stricter than the library's Unpack, which takes a message for whole that ends between two records, and a
// record whose data ends between two fields; and it is more patient, because it leaves the EDNS options unread that
// nobody asked for. Its errors are sentences of ours.
type message struct {
	b    []byte
	at   int
	last int // where the last record begins that has been read
}

// newMessage reads the header.
func newMessage(reply []byte) (*message, *dns.Msg) {
	m := new(dns.Msg)
	_ = m.Unpack(reply[:headerSize]) // of a header alone there is nothing to refuse
	return &message{b: reply, at: headerSize}, m
}

// counted returns how many questions (0) or records of a section (1 to 3) the header counts.
func (r *message) counted(i int) int { return int(binary.BigEndian.Uint16(r.b[4+2*i:])) }

// left returns how many octets have not been read.
func (r *message) left() int { return len(r.b) - r.at }

// uint16 reads two octets that are known to be there.
func (r *message) uint16() uint16 {
	r.at += 2
	return binary.BigEndian.Uint16(r.b[r.at-2:])
}

var errName = errors.New("its name is cut short or is no domain name")

func (r *message) name() (string, error) {
	name, at, err := dns.UnpackDomainName(r.b, r.at)
	if err != nil {
		return "", errName
	}
	r.at = at
	return name, nil
}

// questions reads as many as the header counts.
func (r *message) questions() ([]dns.Question, error) {
	var all []dns.Question
	for i := range r.counted(0) {
		name, err := r.name()
		if err == nil && r.left() < 4 {
			err = errors.New("it is cut short")
		}
		if err != nil {
			return nil, fmt.Errorf("question %d: %w", i+1, err)
		}
		all = append(all, dns.Question{Name: name, Qtype: r.uint16(), Qclass: r.uint16()})
	}
	return all, nil
}

// records reads the three sections, and completes the rcode.
func (r *message) records(m *dns.Msg) error {
	for i, list := range []*[]dns.RR{&m.Answer, &m.Ns, &m.Extra} {
		for n := range r.counted(1 + i) {
			rr, err := r.record()
			if err != nil {
				return fmt.Errorf("record %d of the %s section: %w", n+1, sections[i], err)
			}
			*list = append(*list, rr)
		}
	}
	if err := checkPlaces(m); err != nil {
		return err
	}
	if opt := m.IsEdns0(); opt != nil {
		m.Rcode |= opt.ExtendedRcode()
	}
	return nil
}

// checkPlaces looks for records that mean something about the message, and only in their place: one OPT at most,
// in the additional section, of the root (RFC 6891 sections 6.1.1 and 6.1.2); one TSIG at most, as the last record of
// all (RFC 8945 section 5.1).
func checkPlaces(m *dns.Msg) error {
	opts := 0
	for i, list := range [][]dns.RR{m.Answer, m.Ns, m.Extra} {
		for n, rr := range list {
			h := rr.Header()
			switch {
			case h.Rrtype == dns.TypeOPT && i < 2, h.Rrtype == dns.TypeTSIG && (i < 2 || n < len(list)-1):
				return fmt.Errorf("%s as record %d of the %s section", dns.Type(h.Rrtype), n+1, sections[i])
			case h.Rrtype == dns.TypeOPT && h.Name != ".":
				return fmt.Errorf("OPT of the name %s", h.Name)
			case h.Rrtype == dns.TypeOPT:
				opts++
			}
		}
	}
	if opts > 1 {
		return fmt.Errorf("%d OPT records", opts)
	}
	return nil
}

// record reads one, with data that its type allows.
func (r *message) record() (dns.RR, error) {
	r.last = r.at
	name, err := r.name()
	if err != nil {
		return nil, err
	}
	if r.left() < 10 {
		return nil, errors.New("it is cut short")
	}
	h := dns.RR_Header{Name: name, Rrtype: r.uint16(), Class: r.uint16(), Ttl: uint32(r.uint16())<<16 | uint32(r.uint16()), Rdlength: r.uint16()}
	size := int(h.Rdlength)
	if size > r.left() {
		return nil, fmt.Errorf("%s data of %s, and the message has %d left", dns.Type(h.Rrtype), words.Count(size, "byte"), r.left())
	}
	start := r.at
	r.at += size
	if h.Rrtype == dns.TypeOPT {
		return readOPT(h, r.b[start:r.at])
	}
	data := r.b[:r.at]
	var rr dns.RR
	if opaque(h.Rrtype) {
		rr = &dns.RFC3597{Hdr: h, Rdata: hex.EncodeToString(data[start:])}
	} else {
		rr, _, err = dns.UnpackRRWithHeader(h, data, start)
	}
	if err != nil || !fits(layout(h.Rrtype), data, start) {
		return nil, fmt.Errorf("%s that are no %s data", words.Count(size, "byte"), dns.Type(h.Rrtype))
	}
	return rr, nil
}

// readOPT reads the options that a check asks for. Others are the server's own affair, even where they
// are not what their RFC says: RFC 6891 section 6.1.2 has the form of an option, the meaning is for who asked.
func readOPT(h dns.RR_Header, data []byte) (*dns.OPT, error) {
	opt := &dns.OPT{Hdr: h}
	for len(data) > 0 {
		if len(data) < 4 || len(data) < 4+int(binary.BigEndian.Uint16(data[2:])) {
			return nil, errors.New("its last EDNS option is cut short")
		}
		code, end := binary.BigEndian.Uint16(data), 4+int(binary.BigEndian.Uint16(data[2:]))
		if code == dns.EDNS0NSID {
			opt.Option = append(opt.Option, &dns.EDNS0_NSID{Code: code, Nsid: hex.EncodeToString(data[4:end])})
		}
		data = data[end:]
	}
	return opt, nil
}
