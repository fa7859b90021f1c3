package fault

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Dial connects as the dialer does, to an address and not to a name. When that
// fails, the error says whether the network refused: see [ICMP]. For TCP that
// takes Linux 5.18; before, the errors of a connection under way are not
// queued (tcp_v4_err in net/ipv4/tcp_ipv4.c).
func Dial(ctx context.Context, d net.Dialer, network, address string) (net.Conn, error) {
	control, spare := d.Control, -1
	d.Control = func(network, address string, raw syscall.RawConn) error {
		if control != nil {
			if err := control(network, address, raw); err != nil {
				return err
			}
		}
		var err error
		controlErr := raw.Control(func(fd uintptr) {
			if err = Report(int(fd), isIPv6(network)); err == nil && isTCP(network) {
				spare = duplicate(fd)
			}
		})
		return errors.Join(controlErr, err)
	}
	conn, err := d.DialContext(ctx, network, address)
	if spare >= 0 {
		// Package net has closed the socket of a connection that failed; its
		// error queue is still here.
		defer syscall.Close(spare)
		var errno syscall.Errno
		if errors.As(err, &errno) {
			err = blame(spare, err, errno)
		}
		if err == nil {
			// An established connection must outlive an ICMP error: TCP sends again.
			_ = recvErr(spare, conn.RemoteAddr().(*net.TCPAddr).IP.To4() == nil, 0)
		}
	}
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func isTCP(network string) bool { return strings.HasPrefix(network, "tcp") }

// isIPv6 reads a network as package net hands it to Control: tcp4, udp6,
// ip6:ipv6-icmp.
func isIPv6(network string) bool {
	family, _, _ := strings.Cut(network, ":")
	return strings.HasSuffix(family, "6")
}

// duplicate returns a second descriptor of a socket, -1 when none is left.
func duplicate(fd uintptr) int {
	copied, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return copied
}
