package conntrack

import (
	"errors"
	"io/fs"
	"syscall"
)

// Errors of this package wrap one of these where it applies.
var (
	// ErrAbsent: connection tracking is not in this kernel, or its module is not loaded. Nothing here loads it. It comes
	// with fs.ErrNotExist.
	ErrAbsent = errors.New("no connection tracking in this kernel (module nf_conntrack is not loaded)")

	// ErrPermission: the kernel wants CAP_NET_ADMIN, of the user namespace that the network namespace belongs to, for
	// reading too. It comes with fs.ErrPermission.
	ErrPermission = errors.New("CAP_NET_ADMIN is missing")

	// ErrTooBig: the table has more entries than may be read.
	ErrTooBig = errors.New("the table has too many entries")
)

// permission reports whether an error of the kernel is about rights. nfnetlink has EPERM for everything (nfnetlink_rcv).
func permission(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, fs.ErrPermission)
}
