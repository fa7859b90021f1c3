package report

import (
	"syscall"
	"time"
)

// Socket is where lvsdns-exporter listens for checks that ran. It compares what
// they found with what keepalived believes; a check that stopped running shows as
// silence.
const Socket = "/run/lvsdns/check.sock"

// queueWait is how long a report may wait for a place in the kernel's queue, which
// holds ten (net.unix.max_dgram_qlen): that many checks at once fill it, and anybody
// on this host can. Those who wait get places in turn (unix_wait_for_peer of Linux's
// net/unix/af_unix.c), those who do not get one by chance.
const queueWait = 20 * time.Millisecond

// Send sends a report to the exporter as one datagram. It does not wait for the exporter: a socket that is missing or nobody's
// costs one system call, one that is full costs queueWait. None is an error,
// because it says nothing about the name server.
func Send(socket string, r Report) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer syscall.Close(fd)
	wait := syscall.NsecToTimeval(queueWait.Nanoseconds())
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &wait); err != nil {
		return // It would wait for as long as the exporter likes.
	}
	// Connect first: without a reader the report need not even be written.
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: socket}); err != nil {
		return
	}
	datagram := Encode(r)
	// A signal ends the waiting: Go sends itself some.
	for range 3 {
		if _, err = syscall.Write(fd, datagram); err != syscall.EINTR {
			return
		}
	}
}
