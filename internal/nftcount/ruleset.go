package nftcount

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Table is the name of the table, of the family inet. Nobody else's rules are in it.
const Table = "lvsdns"

// The transports and directions that are counted, as they are in the names of counters.
var (
	transports = [...]string{"udp", "tcp"}
	directions = [...]string{"query", "response"}
)

// Service is a virtual server whose packets are counted.
type Service struct {
	At netip.AddrPort
	// Responses says that its responses pass this host: not those of direct routing and tunnels on a director. A counter of what
	// cannot be seen would stand at 0 and be untrue.
	Responses bool
}

// Key is what a counter counts.
type Key struct {
	At        netip.AddrPort
	Transport string // udp or tcp
	Direction string // query or response
}

// Counter is what nftables has counted.
type Counter struct {
	Key
	Packets uint64 // as the kernel handles them: segments of TCP may have been merged (GRO, GSO)
	Bytes   uint64 // with IP headers
}

// Name is the name of the counter: udp_query_192.0.2.53_53. nft(8) takes no colons in names, so that
// those of IPv6 are hyphens.
func (k Key) Name() string {
	return strings.Join(
		[]string{k.Transport, k.Direction, strings.ReplaceAll(k.At.Addr().String(), ":", "-"), strconv.Itoa(int(k.At.Port()))},
		"_",
	)
}

// ParseName reads the name of a counter; what has another form is an operator's own.
func ParseName(name string) (Key, bool) {
	part := strings.Split(name, "_")
	if len(part) != 4 || !slices.Contains(transports[:], part[0]) || !slices.Contains(directions[:], part[1]) {
		return Key{}, false
	}
	addr, err := netip.ParseAddr(strings.ReplaceAll(part[2], "-", ":"))
	port, portErr := strconv.ParseUint(part[3], 10, 16)
	k := Key{netip.AddrPortFrom(addr, uint16(port)), part[0], part[1]}
	// One spelling only, so that no two counters are of one key.
	return k, err == nil && portErr == nil && k.Name() == name
}

// Ruleset writes the rules for these virtual servers, for nft(8). Loading it puts the whole table
// in place of an older one in one step, and its counters begin at 0.
//
// Queries are counted where a packet comes in for this host, after its filters (priority 0) and before IPVS takes it
// (98 and 99, ip_vs_core.c), so that IPVS counts the same ones. There a datagram is whole again, and there is one copy of it whatever the
// way on. Responses are counted last before they leave: after NAT, and whole, because fragments are made after that.
func Ruleset(services []Service) string {
	services = slices.Clone(services)
	slices.SortFunc(services, func(a, b Service) int { return a.At.Compare(b.At) })
	services = slices.CompactFunc(services, func(a, b Service) bool { return a.At == b.At })
	var counters strings.Builder
	elements := map[string][]string{} // by direction and family
	for _, s := range services {
		for _, direction := range directions {
			if direction == "response" && !s.Responses {
				continue
			}
			for _, transport := range transports {
				name := Key{s.At, transport, direction}.Name()
				fmt.Fprintf(&counters, "\tcounter %s { }\n", name)
				where := direction + family(s.At.Addr())
				elements[where] = append(elements[where], fmt.Sprintf("%s . %s . %d : %q", s.At.Addr(), transport, s.At.Port(), name))
			}
		}
	}
	var b strings.Builder
	b.WriteString(head)
	b.WriteString(counters.String())
	for i, chain := range [...]struct{ hook, lo, addr, port string }{
		{"input priority 90", "iifname", "daddr", "dport"},
		{"postrouting priority 200", "oifname", "saddr", "sport"},
	} {
		fmt.Fprintf(
			&b,
			"\n\tchain %s {\n\t\ttype filter hook %s; policy accept;\n\t\tmeta l4proto != { tcp, udp } accept\n\t\t%s \"lo\" accept\n",
			directions[i], chain.hook, chain.lo,
		)
		for _, family := range []string{"ip", "ip6"} {
			if all := elements[directions[i]+family]; len(all) > 0 {
				fmt.Fprintf(
					&b, "\t\tcounter name %s %s . meta l4proto . th %s map {\n\t\t\t%s\n\t\t}\n", family, chain.addr,
					chain.port, strings.Join(all, ",\n\t\t\t"),
				)
			}
		}
		b.WriteString("\t}\n")
	}
	b.WriteString("}\n")
	return b.String()
}

const head = `# Counts packets and bytes of DNS for lvsdns-exporter with dns.nftables, and does nothing else to them. Made by "lvsdns nft":
# run it again when virtual servers change. Load: nft -f FILE. Remove: nft delete table inet lvsdns
table inet lvsdns
delete table inet lvsdns
table inet lvsdns {
`

func family(a netip.Addr) string {
	if a.Is4() {
		return "ip"
	}
	return "ip6"
}
