package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// Links lists the network devices of the calling thread's namespace.
func Links() ([]Link, error) {
	b, err := syscall.NetlinkRIB(unix.RTM_GETLINK, unix.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("list network devices: %w", err)
	}
	return parseLinks(b)
}

// Neighbours lists what is known of the MAC addresses of other hosts.
func Neighbours() ([]Neighbour, error) {
	b, err := syscall.NetlinkRIB(unix.RTM_GETNEIGH, unix.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("list neighbours: %w", err)
	}
	return parseNeighbours(b)
}

func parseLinks(b []byte) (all []Link, err error) {
	err = messages(b, unix.RTM_NEWLINK, unix.SizeofIfInfomsg, func(head, attributes []byte) {
		order := binary.NativeEndian
		flags := order.Uint32(head[8:])
		l := Link{Type: order.Uint16(head[2:]), Index: int(order.Uint32(head[4:])), Up: flags&unix.IFF_UP != 0, Loopback: flags&unix.IFF_LOOPBACK != 0}
		lower, elsewhere := uint32(0), false
		each(attributes, func(kind uint16, value []byte) {
			switch kind {
			case unix.IFLA_IFNAME:
				l.Name = text(value)
			case unix.IFLA_ADDRESS:
				copy(l.MAC[:], value)
			case unix.IFLA_LINK:
				if len(value) == 4 {
					lower = order.Uint32(value)
				}
			case unix.IFLA_LINK_NETNSID:
				elsewhere = true
			case unix.IFLA_LINKINFO:
				each(value, func(kind uint16, value []byte) {
					if kind == unix.IFLA_INFO_KIND {
						l.Kind = text(value)
					}
				})
			case unix.IFLA_XDP:
				each(value, func(kind uint16, value []byte) {
					if kind == unix.IFLA_XDP_ATTACHED && len(value) == 1 {
						l.XDP = XDP(value[0])
					}
				})
			}
		})
		// The other end of a veth is no device below it.
		l.Lower = lower != 0 && int(lower) != l.Index && !elsewhere && l.Kind != "veth" && l.Kind != "netkit"
		all = append(all, l)
	})
	return all, err
}

func parseNeighbours(b []byte) (all []Neighbour, err error) {
	err = messages(b, unix.RTM_NEWNEIGH, unix.SizeofNdMsg, func(head, attributes []byte) {
		n := Neighbour{Link: int(binary.NativeEndian.Uint32(head[4:]))}
		known := false
		each(attributes, func(kind uint16, value []byte) {
			switch kind {
			case unix.NDA_DST:
				n.Addr, _ = netip.AddrFromSlice(value)
			case unix.NDA_LLADDR:
				known = len(value) == 6
				copy(n.MAC[:], value)
			}
		})
		if known && n.Addr.IsValid() {
			all = append(all, n)
		}
	})
	return all, err
}

// messages gives the fixed head and the attributes of each netlink message of a type.
func messages(b []byte, kind uint16, head int, tell func(head, attributes []byte)) error {
	all, err := syscall.ParseNetlinkMessage(b)
	if err != nil {
		return fmt.Errorf("read netlink messages: %w", err)
	}
	for _, m := range all {
		if m.Header.Type == kind && len(m.Data) >= head {
			tell(m.Data[:head], m.Data[head:])
		}
	}
	return nil
}

// each walks attributes (struct rtattr), as far as they fit.
func each(b []byte, tell func(kind uint16, value []byte)) {
	for len(b) >= 4 {
		size := int(binary.NativeEndian.Uint16(b))
		if size < 4 || size > len(b) {
			return
		}
		const nested = 0x3fff // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
		tell(binary.NativeEndian.Uint16(b[2:])&nested, b[4:size])
		b = b[min((size+3)&^3, len(b)):]
	}
}

func text(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
