package ipvs

import (
	"errors"
	"syscall"

	"github.com/mdlayher/netlink"
)

// netlinkSocket reads and writes datagrams of a netlink socket. netlink.Conn does that too, with a goroutine for each
// system call and a copy of each datagram: at three calls for each service that costs more than all the rest.
type netlinkSocket struct {
	*netlink.Conn
	raw syscall.RawConn
}

func dialNetlink(netns int) (socket, error) {
	conn, err := netlink.Dial(syscall.NETLINK_GENERIC, &netlink.Config{NetNS: netns})
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return netlinkSocket{conn, raw}, nil
}

// Read reads one datagram, or what of it fits into b.
func (s netlinkSocket) Read(b []byte) (n int, err error) {
	return transfer(s.raw.Read, syscall.Read, b)
}

// Write sends one datagram to the kernel, which is where a netlink socket sends without an address.
func (s netlinkSocket) Write(b []byte) (n int, err error) {
	return transfer(s.raw.Write, syscall.Write, b)
}

// transfer makes one system call, and waits for the socket as long as the deadline allows.
func transfer(wait func(func(fd uintptr) bool) error, call func(int, []byte) (int, error), b []byte) (int, error) {
	var n int
	var err error
	expired := wait(func(fd uintptr) bool {
		for {
			n, err = call(int(fd), b)
			if !errors.Is(err, syscall.EINTR) {
				return !errors.Is(err, syscall.EAGAIN)
			}
		}
	})
	if expired != nil {
		return 0, expired
	}
	return max(n, 0), err
}
