package notify

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"unsafe"
)

// Addresses lists the addresses that this host has now, in the network namespace of the calling thread (rtnetlink(7)). It
// needs no privilege. It does not list the interfaces, which is the longer list: it asks for the names that it needs.
func Addresses() ([]Held, error) {
	found, err := messages()
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	names, err := newNames()
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	defer names.close()
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
			all = append(all, Held{addr, names.of(index)})
		}
	}
	return all, nil
}

func messages() ([]syscall.NetlinkMessage, error) {
	var kept []syscall.NetlinkMessage
	for range 3 {
		answer, err := syscall.NetlinkRIB(syscall.RTM_GETADDR, syscall.AF_UNSPEC)
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
			if m.Header.Type == syscall.RTM_NEWADDR && len(m.Data) >= syscall.SizeofIfAddrmsg {
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

// names asks for the names of interfaces, each once (SIOCGIFNAME in netdevice(7)).
type names struct {
	socket int
	known  map[uint32]string
}

func newNames() (*names, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	return &names{fd, map[uint32]string{}}, err
}

func (n *names) close() { _ = syscall.Close(n.socket) }

func (n *names) of(index uint32) string {
	if name, ok := n.known[index]; ok {
		return name
	}
	var request struct { // struct ifreq
		name  [syscall.IFNAMSIZ]byte
		index uint32
		_     [20]byte
	}
	request.index = index
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(n.socket), syscall.SIOCGIFNAME, uintptr(unsafe.Pointer(&request)))
	if errno == 0 { // It is gone: its addresses are too.
		n.known[index] = strings.TrimRight(string(request.name[:]), "\x00")
	}
	return n.known[index]
}

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
