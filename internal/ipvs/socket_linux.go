package ipvs

import (
	"errors"
	"syscall"
	"unsafe"

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
	return transfer(s.raw.Read, syscall.SYS_READ, b)
}

// Write sends one datagram to the kernel, which is where a netlink socket sends without an address.
func (s netlinkSocket) Write(b []byte) (n int, err error) {
	return transfer(s.raw.Write, syscall.SYS_WRITE, b)
}

// transfer makes one system call, and waits for the socket as long as the deadline allows. The socket does not block, and the kernel
// answers while it is asked: so the call is made without a word to Go's scheduler, which on one processor takes the turn away from every
// call that lasts longer than 20 microseconds, and gives it back by two threads waking each other.
func transfer(wait func(func(fd uintptr) bool) error, call uintptr, b []byte) (int, error) {
	var n uintptr
	var errno syscall.Errno
	expired := wait(func(fd uintptr) bool {
		for {
			n, _, errno = syscall.RawSyscall(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
			if errno != syscall.EINTR {
				return errno != syscall.EAGAIN
			}
		}
	})
	switch {
	case expired != nil:
		return 0, expired
	case errno != 0:
		return 0, errno
	}
	return int(n), nil
}
