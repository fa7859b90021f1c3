package notify

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
)

// Addresses lists the addresses that this host has now, in the network namespace of the calling thread. It asks the
// kernel twice, whatever the number of interfaces, and needs no privilege (rtnetlink(7)).
func Addresses() ([]Held, error) {
	links, err := messages(syscall.RTM_GETLINK, syscall.RTM_NEWLINK, syscall.SizeofIfInfomsg)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	names := map[uint32]string{}
	for _, m := range links {
		index := binary.NativeEndian.Uint32(m.Data[4:])
		for _, a := range attributes(m.Data[syscall.SizeofIfInfomsg:]) {
			if a.kind == syscall.IFLA_IFNAME {
				names[index] = strings.TrimRight(string(a.value), "\x00")
			}
		}
	}
	found, err := messages(syscall.RTM_GETADDR, syscall.RTM_NEWADDR, syscall.SizeofIfAddrmsg)
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	var all []Held
	for _, m := range found {
		index := binary.NativeEndian.Uint32(m.Data[4:])
		var addr netip.Addr
		for _, a := range attributes(m.Data[syscall.SizeofIfAddrmsg:]) {
			// IFA_ADDRESS is the peer's address of a point-to-point link; IFA_LOCAL, where it is there, is our own.
			if a.kind == syscall.IFA_LOCAL || a.kind == syscall.IFA_ADDRESS && !addr.IsValid() {
				if v, ok := netip.AddrFromSlice(a.value); ok {
					addr = v
				}
			}
		}
		if addr.IsValid() {
			all = append(all, Held{addr, names[index]})
		}
	}
	return all, nil
}

func messages(request int, want uint16, least int) ([]syscall.NetlinkMessage, error) {
	var kept []syscall.NetlinkMessage
	for range 3 {
		answer, err := syscall.NetlinkRIB(request, syscall.AF_UNSPEC)
		if err != nil {
			return nil, err
		}
		all, err := syscall.ParseNetlinkMessage(answer)
		if err != nil {
			return nil, err
		}
		torn := false
		kept = all[:0]
		for _, m := range all {
			torn = torn || m.Header.Flags&dumpInterrupted != 0
			if m.Header.Type == want && len(m.Data) >= least {
				kept = append(kept, m)
			}
		}
		if !torn {
			break
		}
	}
	return kept, nil
}

// dumpInterrupted is NLM_F_DUMP_INTR (include/uapi/linux/netlink.h): the list has changed while it was read.
const dumpInterrupted = 0x10

type attribute struct {
	kind  uint16
	value []byte
}

func attributes(b []byte) []attribute {
	var all []attribute
	for len(b) >= syscall.SizeofRtAttr {
		size := int(binary.NativeEndian.Uint16(b))
		if size < syscall.SizeofRtAttr || size > len(b) {
			break
		}
		all = append(all, attribute{binary.NativeEndian.Uint16(b[2:]), b[syscall.SizeofRtAttr:size]})
		b = b[min(len(b), (size+syscall.RTA_ALIGNTO-1)&^(syscall.RTA_ALIGNTO-1)):]
	}
	return all
}
