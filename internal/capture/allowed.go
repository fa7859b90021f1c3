package capture

import (
	"errors"
	"syscall"
)

// Auto leaves it to what a process may do whether it captures.
const Auto = "auto"

// Wanted reports whether a setting, true, false or [Auto], asks for a capture. Where [Auto] does not because this process may not, off
// says why and what mends it. Allowed is [Allowed].
func Wanted(setting string, allowed func() error) (on bool, off string) {
	if setting != Auto {
		return setting == "true", ""
	}
	err := allowed()
	switch {
	case err == nil:
		return true, ""
	case errors.Is(err, syscall.EPERM):
		off = "CAP_NET_RAW is missing: " + Rights
	case errors.Is(err, syscall.EAFNOSUPPORT):
		off = "AF_PACKET is not allowed: " + Rights
	default:
		off = "this kernel does not let it"
	}
	return false, err.Error() + "; " + off
}

// Rights says where a service has those from that a capture takes.
const Rights = "take lvsdns-exporter.service as it is packaged, or give yours AmbientCapabilities= and CapabilityBoundingSet= with CAP_NET_RAW" +
	" and RestrictAddressFamilies= with AF_PACKET"
