package conntrack

import (
	"errors"
	"syscall"
	"unsafe"

	"github.com/mdlayher/netlink"
)

// netlinkSocket reads datagrams from a netlink socket into one buffer. netlink.Conn copies each datagram, and starts a
// goroutine for each system call; of a million entries that is half the cost.
type netlinkSocket struct {
	*netlink.Conn
	raw syscall.RawConn
}

func dialNetlink() (socket, error) {
	conn, err := netlink.Dial(syscall.NETLINK_NETFILTER, nil)
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return netlinkSocket{conn, raw}, nil
}

// Send sends one datagram to the kernel, which is where a netlink socket sends without an address.
func (s netlinkSocket) Send(b []byte) error {
	var err error
	expired := s.raw.Write(func(fd uintptr) bool {
		_, err = syscall.Write(int(fd), b)
		return !again(err)
	})
	return errors.Join(expired, err)
}

// Receive stays in one call of the runtime's poller: while the kernel has datagrams, and of a dump it always has the next, there is nothing
// to wait for and nothing to allocate.
func (s netlinkSocket) Receive(b []byte, each func([]byte) (more bool, err error)) error {
	var err error
	expired := s.raw.Read(func(fd uintptr) bool {
		for more := true; more; {
			var n int
			if n, err = read(fd, b); again(err) {
				return false
			}
			if err != nil {
				return true
			}
			if more, err = each(b[:n]); err != nil {
				return true
			}
		}
		return true
	})
	if expired != nil {
		return expired
	}
	return err
}

// read reads without telling Go's scheduler, which takes the processor away from a call that lasts longer than 20 µs and finds it
// another one afterwards: with datagrams that take the kernel 100 µs to fill, that costs a fifth of a pass. The socket does not
// block, so the call ends when the kernel has filled the next datagram.
func read(fd uintptr, b []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func again(err error) bool { return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR) }
