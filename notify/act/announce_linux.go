package act

import (
	"net"
	"syscall"
)

// sendFrame needs CAP_NET_RAW (packet(7)).
func sendFrame(i *net.Interface, frame []byte) error {
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	to := &syscall.SockaddrLinklayer{Ifindex: i.Index, Halen: 6}
	copy(to.Addr[:], frame[:6])
	return syscall.Sendto(fd, frame, 0, to)
}
