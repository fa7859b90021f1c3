package ipvs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/netip"
	"strings"
)

// ParseTable reads the text of /proc/net/ip_vs (ip_vs_info_seq_show in ip_vs_ctl.c); see Proc.Table.
// Its numbers are hexadecimal, but for weights and connections. The time of a persistent service is in jiffies of
// unknown length, so it is left out.
func ParseTable(r io.Reader) (Table, Info, error) {
	var t Table
	var info Info
	err := lines(r, func(words []string) (err error) {
		switch words[0] {
		case "IP":
			info, err = parseInfo(words)
		case "Prot": // heading of services
		case "->":
			if len(words) > 1 && words[1] == "RemoteAddress:Port" { // heading of destinations
				return nil
			}
			if len(t.Entries) == 0 {
				return errors.New("destination before any service")
			}
			var d Destination
			d, err = parseDestination(words[1:])
			e := &t.Entries[len(t.Entries)-1]
			e.Destinations = append(e.Destinations, d)
		default:
			var s Service
			s, err = parseService(words)
			t.Entries = append(t.Entries, TableEntry{Service: s})
		}
		return err
	})
	if err != nil {
		return Table{}, Info{}, err
	}
	for i := range t.Entries {
		e := &t.Entries[i]
		if e.Service.Family == 0 {
			e.Service.Family = familyFrom(e.Destinations)
		}
		var dropped int
		e.Destinations, dropped = unique(e.Destinations, compareDestinations)
		t.Duplicates += dropped
	}
	tellMarksApart(t.Entries)
	var dropped int
	t.Entries, dropped = unique(t.Entries, compareEntries)
	t.Duplicates += dropped
	return t, info, nil
}

// familyFrom guesses the family of a service from its destinations: only a tunnel may lead to another one.
func familyFrom(all []Destination) Family {
	for _, d := range all {
		if d.Forward != Tun {
			return d.Family()
		}
	}
	return 0
}

// tellMarksApart gives the other family to a service whose mark another one has, of a known family: the kernel takes a mark once in
// each (ip_vs_genl_find_service in ip_vs_ctl.c).
func tellMarksApart(all []TableEntry) {
	known := map[uint32]Family{}
	for _, e := range all {
		if e.Service.FWMark != 0 && e.Service.Family != 0 {
			known[e.Service.FWMark] = e.Service.Family
		}
	}
	for i := range all {
		if s := &all[i].Service; s.FWMark != 0 && s.Family == 0 {
			switch known[s.FWMark] {
			case IPv4:
				s.Family = IPv6
			case IPv6:
				s.Family = IPv4
			}
		}
	}
}

// parseInfo reads "IP Virtual Server version 1.2.1 (size=4096)".
func parseInfo(words []string) (Info, error) {
	if len(words) != 6 {
		return Info{}, errWords
	}
	size, err := decimal([]byte(strings.TrimSuffix(strings.TrimPrefix(words[5], "(size="), ")")))
	return Info{Version: words[4], ConnectionTableSize: uint32(size)}, err
}

// parseService reads "UDP  C0000201:0035 wlc ops persistent 36000 FFFFFFFF", where all after the
// scheduler may be absent, or "FWM  00000007 rr", which tells no family.
func parseService(words []string) (Service, error) {
	var s Service
	if len(words) < 3 {
		return s, errWords
	}
	var err error
	if words[0] == "FWM" {
		s.FWMark, err = hex32(words[1])
	} else {
		s.ServiceKey, err = parseKey(words[0], words[1])
	}
	if err != nil {
		return s, err
	}
	s.Scheduler = schedulerName([]byte(words[2]))
	for rest := words[3:]; len(rest) > 0; rest = rest[1:] {
		switch rest[0] {
		case "ops":
			s.Flags |= OnePacket
		case "persistent":
			if len(rest) < 3 {
				return s, errWords
			}
			s.Flags |= Persistent
			s.Netmask, err = parseNetmask(s.Family, rest[2])
			rest = rest[2:]
		}
	}
	return s, err
}

func parseKey(proto, at string) (ServiceKey, error) {
	addr, err := parseAddrPort(at)
	if err != nil {
		return ServiceKey{}, err
	}
	p, err := parseProtocol([]byte(proto))
	return At(p, addr), err
}

// parseNetmask reads the mask as the kernel prints it: ntohl of whatever it keeps, which for IPv6
// turns a prefix length around on little-endian machines. Without a family it can't be told.
func parseNetmask(f Family, s string) (Netmask, error) {
	n, err := hex32(s)
	if f == IPv6 && n > 128 {
		n = bits.ReverseBytes32(n)
	}
	if f == 0 {
		return Netmask{}, err
	}
	return netmask(f, n), err
}

// parseDestination reads "C0000215:0035      Route   1      0          2".
func parseDestination(words []string) (Destination, error) {
	var d Destination
	if len(words) != 5 {
		return d, errWords
	}
	at, err := parseAddrPort(words[0])
	if err != nil {
		return d, err
	}
	d.DestinationKey = To(at)
	switch words[1] {
	case "Masq":
		d.Forward = Masq
	case "Local":
		d.Forward = Local
	case "Tunnel":
		d.Forward = Tun
	case "Route":
		d.Forward = DR
	default:
		return d, fmt.Errorf("unknown forwarding method %q", words[1])
	}
	for i, field := range []*uint32{&d.Weight, &d.Active, &d.Inactive} {
		n, err := decimal([]byte(words[2+i]))
		if err != nil {
			return d, err
		}
		*field = uint32(n)
	}
	return d, nil
}

// parseAddrPort reads "C0000201:0035" and "[2001:0db8:0000:0000:0000:0000:0000:0001]:0035".
func parseAddrPort(s string) (netip.AddrPort, error) {
	i := max(0, strings.LastIndexByte(s, ':'))
	addr := strings.TrimSuffix(strings.TrimPrefix(s[:i], "["), "]")
	at, err := hexAddrPort([]byte(addr), []byte(strings.TrimPrefix(s[i:], ":")))
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: %q", err, s)
	}
	return at, nil
}

func hex32(s string) (uint32, error) {
	n, err := hexadecimal([]byte(s), 32)
	return uint32(n), err
}

var errWords = errors.New("unexpected number of words")

// lines hands the words of each line that has any to each, and puts the line's number before its error.
func lines(r io.Reader, each func(words []string) error) error {
	scanner := bufio.NewScanner(r)
	for n := 1; scanner.Scan(); n++ {
		words := strings.Fields(scanner.Text())
		if len(words) == 0 {
			continue
		}
		if err := each(words); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return scanner.Err()
}
