package checker

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

// String returns the name of the transport.
func (t Transport) String() string { return transportTable[t].name }

// Port returns the port that a server has without one named.
func (t Transport) Port() uint16 { return transportTable[t].port }

// Encrypted reports whether the transport needs TLS.
func (t Transport) Encrypted() bool { return t == TLS || t == HTTPS }
