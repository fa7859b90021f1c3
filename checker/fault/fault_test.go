package fault

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
)

// Whose an error is decides whether a server may go: every number that a socket
// gives on its way out is here, as package net wraps it.
func TestLocal(t *testing.T) {
	here := []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EAGAIN,
		syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT, syscall.ENODEV, syscall.EINVAL, syscall.EPERM, syscall.EACCES,
	}
	there := []syscall.Errno{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT, syscall.EHOSTUNREACH,
		syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.EPROTO, syscall.ENOPROTOOPT, syscall.EMSGSIZE,
	}
	for _, list := range []struct {
		errnos []syscall.Errno
		local  bool
	}{{here, true}, {there, false}} {
		for _, errno := range list.errnos {
			wrapped := &net.OpError{Op: "dial", Net: "udp", Err: os.NewSyscallError("connect", errno)}
			for _, err := range []error{errno, wrapped, fmt.Errorf("ask: %w", wrapped)} {
				if Local(err) != list.local {
					t.Errorf("%v: this host's is %v, want %v", err, !list.local, list.local)
				}
			}
			// What came in as ICMP is the network's, whatever number it has.
			if icmp := (&ICMP{From: netip.MustParseAddr("192.0.2.1"), Errno: errno}); Local(fmt.Errorf("ask: %w", icmp)) {
				t.Errorf("%v is this host's", icmp)
			}
		}
	}
	for _, err := range []error{nil, errors.New("EOF"), os.ErrDeadlineExceeded, net.ErrClosed} {
		if Local(err) {
			t.Errorf("%v is this host's", err)
		}
	}
	if len(here) != len(local) {
		t.Errorf("the list has %d numbers, and %d are tried", len(local), len(here))
	}
}
