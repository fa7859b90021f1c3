package ipvs

import (
	"bufio"
	"bytes"
	"errors"
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
	Destination netip.AddrPort
	State       string        // as the kernel names it: "UDP", "ESTABLISHED", "NONE", "ASSURED" …
	Expires     time.Duration // until it is forgotten, whole seconds
}

// ParseConnections reads the text of /proc/net/ip_vs_conn (ip_vs_conn_seq_show in ip_vs_conn.c) and hands each entry to
// each, until that returns an error. It allocates nothing for an entry, as there may be millions.
func ParseConnections(r io.Reader, each func(Connection) error) error {
	scanner := bufio.NewScanner(r)
	states := map[string]string{} // each name of a state once, whatever the kernel's names are
	for n := 1; scanner.Scan(); n++ {
		line := scanner.Bytes()
		if len(line) == 0 || bytes.HasPrefix(line, []byte("Pro ")) {
			continue
		}
		c, err := parseConnection(line, states)
		if err == nil {
			err = each(c)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return scanner.Err()
}

// parseConnection reads "UDP C0000232 CF2A C0000264 0035 C0000215 0035 UDP             298", perhaps with the
// name and data of a persistence engine behind it. The destination's family may be another than the client's.
func parseConnection(line []byte, states map[string]string) (Connection, error) {
	var words [9][]byte
	for i := range words {
		line = bytes.TrimLeft(line, " ")
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
	var expires uint64
	expires, errs[4] = decimal(words[8])
	c.Expires = time.Duration(expires) * time.Second
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

var (
	errNumber  = errors.New("not a number")
	errAddress = errors.New("not an address")
)

func hexAddrPort(addr, port []byte) (netip.AddrPort, error) {
	a, err := hexAddr(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	p, err := hexadecimal(port, 16)
	return netip.AddrPortFrom(a, uint16(p)), err
}

// hexAddr reads "C0000201" and "2001:0db8:0000:0000:0000:0000:0000:0001" (%08X and %pI6 in the kernel).
func hexAddr(b []byte) (netip.Addr, error) {
	if len(b) == 8 {
		n, err := hexadecimal(b, 32)
		return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), err
	}
	if len(b) != 39 {
		return netip.Addr{}, errAddress
	}
	var a [16]byte
	for i := range 8 {
		n, err := hexadecimal(b[5*i:5*i+4], 16)
		if err != nil || i < 7 && b[5*i+4] != ':' {
			return netip.Addr{}, errAddress
		}
		a[2*i], a[2*i+1] = byte(n>>8), byte(n)
	}
	return netip.AddrFrom16(a), nil
}

// hexadecimal reads a hexadecimal number of that many bits. It takes bytes, which strconv does not without
// an allocation for each number.
func hexadecimal(b []byte, size int) (uint64, error) {
	if len(b) == 0 || len(b) > size/4 {
		return 0, errNumber
	}
	var n uint64
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, errNumber
		}
		n = n<<4 | uint64(c)
	}
	return n, nil
}

// decimal reads a decimal number of at most 32 bits.
func decimal(b []byte) (uint64, error) {
	if len(b) == 0 || len(b) > 10 {
		return 0, errNumber
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, errNumber
		}
		n = n*10 + uint64(c-'0')
	}
	if n > 1<<32-1 {
		return 0, errNumber
	}
	return n, nil
}
