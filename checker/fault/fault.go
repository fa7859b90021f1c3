// Package fault answers one question: whose is an error of a socket, this
// host's or the network's?
//
// The number alone does not always say. ICMPv6 "administratively prohibited"
// becomes EACCES (tab_unreach in the kernel's net/ipv6/icmp.c), and so does a
// prohibit route or a security module of this host. The socket's error queue
// knows: it keeps what came in as ICMP, with its sender (ip(7), IP_RECVERR).
package fault

import (
	"errors"
	"syscall"
)

// local are the errors that a socket of this host gives before a packet could
// leave it. No ICMP message turns into one of them but EACCES
// (icmp_err_convert in net/ipv4/icmp.c, icmpv6_err_convert in
// net/ipv6/icmp.c).
//
// Not among them are ENETUNREACH and EHOSTUNREACH, whoever says so: a director
// that has no route to a real server cannot forward to it either.
var local = [...]syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, // descriptors
	syscall.ENOMEM, syscall.ENOBUFS, // memory; the queue of a card is full
	syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EAGAIN, // addresses; EAGAIN: no port is left (inet_autobind)
	syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT, // a kernel without IPv6
	syscall.ENODEV, syscall.EINVAL, // an interface that is not here
	syscall.EPERM, syscall.EACCES, // a firewall, a security module, a prohibit route
}

// Local reports whether this host is the cause of an error: nothing is learnt
// from it about the server. An error that [Blame] found to be an answer of the
// network is not.
func Local(err error) bool {
	var icmp *ICMP
	if errors.As(err, &icmp) {
		return false
	}
	for _, errno := range local {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
