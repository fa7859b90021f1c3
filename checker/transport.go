package checker

import "fmt"

// Transport is how a question travels.
type Transport uint8

// The transports.
const (
	UDP   Transport = iota // a truncated answer is asked for again over TCP
	TCP                    // RFC 7766
	Both                   // UDP, then TCP; both must pass with the same rcode
	TLS                    // DNS over TLS, RFC 7858
	HTTPS                  // DNS over HTTPS, RFC 8484

	transports // how many there are
)

var transportTable = [transports]struct {
	name string
	port uint16
}{
	UDP: {"udp", 53}, TCP: {"tcp", 53}, Both: {"both", 53}, TLS: {"tls", 853}, HTTPS: {"https", 443},
}

// String returns the transport as it is written on the command line.
func (t Transport) String() string { return transportTable[t].name }

// Port returns the port that a server has without one named.
func (t Transport) Port() uint16 { return transportTable[t].port }

// Encrypted reports whether the transport needs TLS.
func (t Transport) Encrypted() bool { return t == TLS || t == HTTPS }

// ParseTransport reads a transport as it is written on the command line.
func ParseTransport(s string) (Transport, error) {
	for t, row := range transportTable {
		if s == row.name {
			return Transport(t), nil
		}
	}
	return UDP, fmt.Errorf("%q is no transport; use udp, tcp, both, tls or https", s)
}
