package ipvs

import "errors"

// Errors of this package wrap one of these where it applies, and the kernel's errno always, so that
// errors.Is finds both.
var (
	// ErrAbsent: this kernel has no IPVS, or its module is not loaded. Nothing here loads it.
	ErrAbsent = errors.New("no IPVS in this kernel (module ip_vs is not loaded)")

	// ErrPermission: the kernel wants CAP_NET_ADMIN of its first user namespace, for reading too.
	ErrPermission = errors.New("CAP_NET_ADMIN is missing")

	// ErrMissing: the service, destination or daemon to be changed is not there.
	ErrMissing = errors.New("not in the IPVS table")

	// ErrExists: the service, destination or daemon to be added is there already; nothing was changed.
	ErrExists = errors.New("in the IPVS table already")
)
