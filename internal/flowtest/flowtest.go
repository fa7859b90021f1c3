// Package flowtest fills a kernel's connection tracking table with flows that
// nobody has sent, so that tests and measurements need no million clients.
//
// It writes by netlink, some hundred entries with each system call, into the
// network namespace that its socket was opened in: open it in a namespace that
// the test has made.
package flowtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// Flow is one UDP entry of the table.
type Flow struct {
	Client  netip.AddrPort
	Service netip.AddrPort // whom the client asks
	Server  netip.AddrPort // from whom the kernel waits for the answer: another one after address translation
	Status  Status
	Timeout uint32 // seconds until the kernel forgets it
}

// Status is what the kernel has seen of a flow (enum ip_conntrack_status).
type Status uint32

// The states of a UDP flow.
const (
	Unreplied = confirmed
	Replied   = confirmed | 1<<1
	Assured   = confirmed | 1<<1 | 1<<2

	confirmed Status = 1 << 3 // of every entry; the kernel refuses one without it
)

// From include/uapi/linux/netfilter/nfnetlink.h and nfnetlink_conntrack.h.
const (
	messageNew    = 1 << 8 // NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW
	messageDelete = 1<<8 | 2

	attrOriginal, attrReply, attrStatus, attrTimeout = 1, 2, 3, 7
	attrIP, attrProto                                = 1, 2
	attrProtoNumber, attrSourcePort, attrDestPort    = 1, 2, 3

	flagRequest, flagAck, flagExcl, flagCreate = 0x1, 0x4, 0x200, 0x400
	flagNested                                 = 0x8000

	solNetlink, optCapAck = 270, 10

	batch = 32 << 10 // bytes with each system call: the socket has room for as many refusals
)

// Table is a socket to one table. It belongs to one goroutine.
type Table struct {
	fd      int
	out, in []byte
	n       uint32 // messages in out
}

// Open opens a socket in the network namespace of the calling thread.
func Open() (*Table, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_NETFILTER)
	if err != nil {
		return nil, fmt.Errorf("open a netlink socket: %w", err)
	}
	// An acknowledgement holds the whole message back, unless told not to (netlink(7)): a batch that is refused would overflow the socket.
	if err := syscall.SetsockoptInt(fd, solNetlink, optCapAck, 1); err != nil {
		return nil, errors.Join(fmt.Errorf("ask for short acknowledgements: %w", err), syscall.Close(fd))
	}
	return &Table{fd: fd, in: make([]byte, 256<<10)}, nil
}

// Close closes the socket. The entries stay.
func (t *Table) Close() error { return syscall.Close(t.fd) }

// Create adds n flows. It returns the first errno of the kernel: EEXIST, or ENOMEM when the
// table is full, after which the rest has been tried all the same. added says how many are in the table now.
func (t *Table) Create(n int, flow func(i int) Flow) (added int, err error) {
	return t.each(n, messageNew, flagExcl|flagCreate, flow)
}

// Delete removes n flows. One that is not there any more is no error.
func (t *Table) Delete(n int, flow func(i int) Flow) (removed int, err error) {
	removed, err = t.each(n, messageDelete, 0, flow)
	if errors.Is(err, syscall.ENOENT) {
		err = nil
	}
	return removed, err
}

func (t *Table) each(n int, kind, flags uint16, flow func(i int) Flow) (done int, err error) {
	for i := range n {
		t.message(kind, flags, flow(i))
		if len(t.out) < batch && i < n-1 {
			continue
		}
		sent := int(t.n)
		refused, first := t.flush()
		if refused < 0 {
			return done, first
		}
		done += sent - refused
		if err == nil {
			err = first
		}
	}
	return done, err
}

func (t *Table) message(kind, flags uint16, f Flow) {
	start := len(t.out)
	t.n++
	family := byte(syscall.AF_INET)
	if f.Client.Addr().Is6() {
		family = syscall.AF_INET6
	}
	t.out = append(t.out, make([]byte, syscall.NLMSG_HDRLEN)...)
	t.out = append(t.out, family, 0, 0, 0)
	t.tuple(attrOriginal, f.Client, f.Service)
	if kind == messageNew {
		t.tuple(attrReply, f.Server, f.Client)
		t.number(attrStatus, uint32(f.Status))
		t.number(attrTimeout, f.Timeout)
	}
	binary.NativeEndian.PutUint32(t.out[start:], uint32(len(t.out)-start))
	binary.NativeEndian.PutUint16(t.out[start+4:], kind)
	binary.NativeEndian.PutUint16(t.out[start+6:], flagRequest|flags)
	binary.NativeEndian.PutUint32(t.out[start+8:], t.n)
}

func (t *Table) tuple(kind uint16, from, to netip.AddrPort) {
	outer := t.nest(kind)
	ip := t.nest(attrIP)
	first := uint16(1) // CTA_IP_V4_SRC, and V4_DST behind it
	if from.Addr().Is6() {
		first = 3
	}
	t.attr(first, from.Addr().AsSlice())
	t.attr(first+1, to.Addr().AsSlice())
	t.end(ip)
	proto := t.nest(attrProto)
	t.attr(attrProtoNumber, []byte{syscall.IPPROTO_UDP})
	t.attr(attrSourcePort, binary.BigEndian.AppendUint16(nil, from.Port()))
	t.attr(attrDestPort, binary.BigEndian.AppendUint16(nil, to.Port()))
	t.end(proto)
	t.end(outer)
}

func (t *Table) number(kind uint16, n uint32) { t.attr(kind, binary.BigEndian.AppendUint32(nil, n)) }

func (t *Table) attr(kind uint16, value []byte) {
	t.out = binary.NativeEndian.AppendUint16(t.out, uint16(4+len(value)))
	t.out = binary.NativeEndian.AppendUint16(t.out, kind)
	t.out = append(t.out, value...)
	for len(t.out)%4 != 0 {
		t.out = append(t.out, 0)
	}
}

func (t *Table) nest(kind uint16) (start int) {
	start = len(t.out)
	t.attr(kind|flagNested, nil)
	return start
}

func (t *Table) end(start int) {
	binary.NativeEndian.PutUint16(t.out[start:], uint16(len(t.out)-start))
}

// flush sends what was collected, and waits until the kernel has done it: it acknowledges the last message, and says of each other one only
// what was wrong. refused is -1 if the socket itself fails.
func (t *Table) flush() (refused int, first error) {
	last := t.n
	at := 0
	for b := t.out; ; {
		length := int(binary.NativeEndian.Uint32(b))
		if length == len(b) {
			break
		}
		at, b = at+length, b[length:]
	}
	binary.NativeEndian.PutUint16(t.out[at+6:], binary.NativeEndian.Uint16(t.out[at+6:])|flagAck)
	defer func() { t.out, t.n = t.out[:0], 0 }()
	if _, err := syscall.Write(t.fd, t.out); err != nil {
		return -1, fmt.Errorf("send: %w", err)
	}
	for {
		n, err := syscall.Read(t.fd, t.in)
		if err != nil {
			return -1, fmt.Errorf("receive: %w", err)
		}
		for b := t.in[:n]; len(b) >= syscall.NLMSG_HDRLEN+4; {
			length := int(binary.NativeEndian.Uint32(b))
			sequence := binary.NativeEndian.Uint32(b[8:])
			if errno := -int32(binary.NativeEndian.Uint32(b[syscall.NLMSG_HDRLEN:])); errno != 0 {
				refused++
				if first == nil {
					first = syscall.Errno(errno)
				}
			}
			if sequence == last {
				return refused, first
			}
			b = b[min((length+3)&^3, len(b)):]
		}
	}
}
