package ipvs

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// Connection is an entry of the connection table: packets of Client to Virtual go to Destination.
type Connection struct {
	Protocol    Protocol       // zero for the template of a persistent service with a firewall mark
	Client      netip.AddrPort // port 0 in the template of a persistent service
	Virtual     netip.AddrPort // in a template with a firewall mark, the mark stands for the address
	Destination netip.AddrPort // unspecified in one that bypasses all real servers (sysctl net.ipv4.vs.cache_bypass)
	State       string         // as the kernel names it: "UDP", "ESTABLISHED", "NONE", "ASSURED" …
	Expires     time.Duration  // until it is forgotten, whole seconds
}

// ParseConnections reads the text of /proc/net/ip_vs_conn (ip_vs_conn_seq_show in ip_vs_conn.c) and hands each entry to
// each, until that returns an error. It allocates nothing for an entry, as there may be millions.
func ParseConnections(r io.Reader, each func(Connection) error) error {
	states := map[string]string{} // each name of a state once, whatever the kernel's names are
	n := 0
	return eachLine(r, func(line []byte) error {
		n++
		if len(line) == 0 || bytes.HasPrefix(line, []byte("Pro ")) {
			return nil
		}
		c, err := parseConnection(line, states)
		if err == nil {
			err = each(c)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		return nil
	})
}

// parseConnection reads "UDP C0000232 CF2A C0000264 0035 C0000215 0035 UDP             298", perhaps with the
// name and data of a persistence engine behind it. The destination's family may be another than the client's.
func parseConnection(line []byte, states map[string]string) (Connection, error) {
	var words [9][]byte
	for i := range words {
		for len(line) > 0 && line[0] == ' ' {
			line = line[1:]
		}
		end := bytes.IndexByte(line, ' ')
		if end < 0 {
			end = len(line)
		}
		words[i], line = line[:end], line[end:]
	}
	if len(words[8]) == 0 {
		return Connection{}, errWords
	}
	var c Connection
	var errs [5]error
	c.Protocol, errs[0] = parseProtocol(words[0])
	c.Client, errs[1] = hexAddrPort(words[1], words[2])
	c.Virtual, errs[2] = hexAddrPort(words[3], words[4])
	c.Destination, errs[3] = hexAddrPort(words[5], words[6])
	state, known := states[string(words[7])]
	if !known {
		state = string(words[7])
		states[state] = state
	}
	c.State = state
	c.Expires, errs[4] = expiry(words[8])
	for _, err := range errs {
		if err != nil {
			return Connection{}, err
		}
	}
	return c, nil
}

// parseProtocol reads a name of ip_vs_proto_name (ip_vs_core.c).
func parseProtocol(b []byte) (Protocol, error) {
	switch string(b) {
	case "TCP":
		return TCP, nil
	case "UDP":
		return UDP, nil
	case "SCTP":
		return SCTP, nil
	case "IP":
		return 0, nil
	case "ICMP":
		return 1, nil
	case "ICMPv6":
		return 58, nil
	}
	number, found := bytes.CutPrefix(b, []byte("IP_"))
	n, err := decimal(number)
	if !found || err != nil || n > 255 {
		return 0, fmt.Errorf("unknown protocol %q", b)
	}
	return Protocol(n), nil
}

// expiry reads the seconds until an entry is due. Older kernels show one that is overdue as a negative number without
// its sign, such as 18446744073709551.
func expiry(b []byte) (time.Duration, error) {
	if len(b) > 10 && len(b) <= 20 {
		for _, c := range b {
			if c < '0' || c > '9' {
				return 0, errNumber
			}
		}
		return 0, nil
	}
	n, err := decimal(b)
	return time.Duration(n) * time.Second, err
}
