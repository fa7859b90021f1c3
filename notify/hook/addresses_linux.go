package hook

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/sys"
	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// Addresses lists the addresses that this host has now, in the network namespace of the calling thread (rtnetlink(7)). It
// needs no privilege. It does not list the interfaces, which is the longer list: it asks for the names that it needs.
func Addresses() ([]notify.Held, error) {
	all, err := heldNow()
	if err != nil {
		return nil, words.Because("list addresses", err)
	}
	return all, nil
}

func heldNow() ([]notify.Held, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	defer syscall.Close(fd)
	n := names{socket: fd}
	all := make([]notify.Held, 0, 16)
	for range 3 {
		all = all[:0]
		torn, err := dump(fd, func(m []byte) {
			if addr := addressOf(m); addr.IsValid() {
				all = append(all, notify.Held{Addr: addr, Interface: n.of(native32(m[4:]))})
			}
		})
		if err != nil {
			return nil, err
		}
		if !torn {
			break
		}
	}
	return all, nil
}

// dump asks for all addresses and calls found with the message of each. torn: the list has changed while it was read.
func dump(fd int, found func([]byte)) (torn bool, err error) {
	request := make([]byte, syscall.SizeofNlMsghdr+syscall.SizeofIfAddrmsg) // of any family
	putNative32(request, uint32(len(request)))
	putNative16(request[4:], syscall.RTM_GETADDR)
	putNative16(request[6:], syscall.NLM_F_REQUEST|syscall.NLM_F_DUMP)
	if err := syscall.Sendto(fd, request, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return false, os.NewSyscallError("send", err)
	}
	buffer := make([]byte, 8<<10) // the kernel begins with less, and goes by what it is offered then (netlink_dump)
	for {
		n := 0
		err := sys.Retry(func() (err error) {
			n, err = syscall.Read(fd, buffer)
			return err
		})
		if err != nil {
			return false, os.NewSyscallError("receive", err)
		}
		for b := buffer[:n]; len(b) >= syscall.SizeofNlMsghdr; {
			size := int(native32(b))
			if size < syscall.SizeofNlMsghdr || size > len(b) {
				return false, errors.New("a message is too short")
			}
			body := b[syscall.SizeofNlMsghdr:size]
			torn = torn || native16(b[6:])&dumpInterrupted != 0
			switch native16(b[4:]) {
			case syscall.NLMSG_DONE:
				return torn, nil
			case syscall.NLMSG_ERROR:
				if len(body) < 4 {
					return false, errors.New("a message is too short")
				}
				return false, syscall.Errno(-int32(native32(body)))
			case syscall.RTM_NEWADDR:
				if len(body) >= syscall.SizeofIfAddrmsg {
					found(body)
				}
			}
			b = b[min(len(b), (size+syscall.NLMSG_ALIGNTO-1)&^(syscall.NLMSG_ALIGNTO-1)):]
		}
	}
}

// dumpInterrupted is NLM_F_DUMP_INTR (include/uapi/linux/netlink.h): the list has changed while it was read.
const dumpInterrupted = 0x10

// addressOf takes the address out of a message.
func addressOf(message []byte) (addr netip.Addr) {
	for b := message[syscall.SizeofIfAddrmsg:]; len(b) >= syscall.SizeofRtAttr; {
		size := int(native16(b))
		if size < syscall.SizeofRtAttr || size > len(b) {
			break
		}
		// IFA_ADDRESS is the peer's address of a point-to-point link; IFA_LOCAL, where it is there, is our own.
		if kind := native16(b[2:]); kind == syscall.IFA_LOCAL || kind == syscall.IFA_ADDRESS && !addr.IsValid() {
			if v, ok := netip.AddrFromSlice(b[syscall.SizeofRtAttr:size]); ok {
				addr = v
			}
		}
		b = b[min(len(b), (size+syscall.RTA_ALIGNTO-1)&^(syscall.RTA_ALIGNTO-1)):]
	}
	return addr
}

// The numbers of rtnetlink are the processor's own, and stand where it may read them (NLMSG_ALIGNTO). Package encoding/binary knows the order
// too, and brings package reflect.

func native16(b []byte) uint16 { return *(*uint16)(unsafe.Pointer((*[2]byte)(b))) }

func native32(b []byte) uint32 { return *(*uint32)(unsafe.Pointer((*[4]byte)(b))) }

func putNative16(b []byte, n uint16) { *(*uint16)(unsafe.Pointer((*[2]byte)(b))) = n }

func putNative32(b []byte, n uint32) { *(*uint32)(unsafe.Pointer((*[4]byte)(b))) = n }

// names asks for the names of interfaces, each once (SIOCGIFNAME in netdevice(7)). Any socket will do.
type names struct {
	socket int
	known  []named
}

type named struct {
	index uint32
	name  string
}

func (n *names) of(index uint32) string {
	for _, k := range n.known {
		if k.index == index {
			return k.name
		}
	}
	var request struct { // struct ifreq
		name  [syscall.IFNAMSIZ]byte
		index uint32
		_     [20]byte
	}
	request.index = index
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(n.socket), syscall.SIOCGIFNAME, uintptr(unsafe.Pointer(&request)))
	name := ""
	if errno == 0 { // else it is gone: its addresses are too
		name = strings.TrimRight(string(request.name[:]), "\x00")
	}
	n.known = append(n.known, named{index, name})
	return name
}
