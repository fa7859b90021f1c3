package fault

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"syscall"
)

// ICMP is an error that the network answered with. It unwraps to the number
// that the kernel made of it.
type ICMP struct {
	From  netip.Addr // who said it
	Errno syscall.Errno

	typ, code byte
}

// Error says what the sender means, and who that is.
func (e *ICMP) Error() string {
	if e.prohibited() {
		return fmt.Sprintf("administratively prohibited (ICMP from %s): a firewall there refuses this host", e.From)
	}
	return fmt.Sprintf("%v (ICMP from %s)", e.Errno, e.From)
}

// Unwrap returns the number of the error.
func (e *ICMP) Unwrap() error { return e.Errno }

// prohibited are the codes of destination unreachable by which a firewall
// refuses (RFC 1812 section 5.2.7.1, RFC 4443 section 3.1). The kernel makes
// "no route to host" of those of IPv4 and "permission denied" of those of IPv6.
func (e *ICMP) prohibited() bool {
	if e.From.Is4() {
		return e.typ == 3 && (e.code == 9 || e.code == 10 || e.code == 13)
	}
	return e.typ == 1 && (e.code == 1 || e.code == 5 || e.code == 6)
}

// Report has the kernel keep the ICMP errors about a socket, so that [Blame]
// can tell them. On a datagram socket they arrive at once, connected or not.
func Report(fd int, ipv6 bool) error { return recvErr(fd, ipv6, 1) }

func recvErr(fd int, ipv6 bool, on int) error {
	level, option := syscall.IPPROTO_IP, syscall.IP_RECVERR
	if ipv6 {
		level, option = syscall.IPPROTO_IPV6, syscall.IPV6_RECVERR
	}
	return syscall.SetsockoptInt(fd, level, option, on)
}

// Blame returns the ICMP error that an error of a socket stands for, or the
// error as it is when nobody on the network has said it.
func Blame(conn syscall.Conn, err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	raw, rawErr := conn.SyscallConn()
	if rawErr != nil {
		return err
	}
	_ = raw.Control(func(fd uintptr) { err = blame(int(fd), err, errno) })
	return err
}

// blame empties the error queue and looks for the error in it.
func blame(fd int, err error, errno syscall.Errno) error {
	var control [512]byte
	for {
		_, n, _, _, readErr := syscall.Recvmsg(fd, nil, control[:], syscall.MSG_ERRQUEUE|syscall.MSG_DONTWAIT)
		if readErr != nil {
			return err
		}
		messages, parseErr := syscall.ParseSocketControlMessage(control[:n])
		if parseErr != nil {
			return err
		}
		for _, m := range messages {
			if e := decode(m); e != nil && e.Errno == errno {
				err = e
			}
		}
	}
}

// Who an entry of the error queue is from, and its length without the address
// of that one (struct sock_extended_err in include/uapi/linux/errqueue.h).
const (
	originICMP   = 2
	originICMPv6 = 3
	entrySize    = 16
)

// decode reads an entry of the error queue; nil when it is not ICMP.
func decode(m syscall.SocketControlMessage) *ICMP {
	ip := m.Header.Level == syscall.IPPROTO_IP && m.Header.Type == syscall.IP_RECVERR
	ipv6 := m.Header.Level == syscall.IPPROTO_IPV6 && m.Header.Type == syscall.IPV6_RECVERR
	if !ip && !ipv6 || len(m.Data) < entrySize {
		return nil
	}
	origin, sender := m.Data[4], m.Data[entrySize:]
	e := &ICMP{Errno: syscall.Errno(binary.NativeEndian.Uint32(m.Data)), typ: m.Data[5], code: m.Data[6]}
	// The sender is a struct sockaddr_in or sockaddr_in6.
	switch {
	case origin == originICMP && len(sender) >= syscall.SizeofSockaddrInet4:
		e.From = netip.AddrFrom4([4]byte(sender[4:8]))
	case origin == originICMPv6 && len(sender) >= syscall.SizeofSockaddrInet6:
		e.From = netip.AddrFrom16([16]byte(sender[8:24]))
		if index := binary.NativeEndian.Uint32(sender[24:]); index != 0 {
			e.From = e.From.WithZone(strconv.FormatUint(uint64(index), 10))
		}
	default:
		return nil
	}
	return e
}
