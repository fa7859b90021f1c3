//go:build !linux

package ipvs

import "fmt"

func dialNetlink(int) (socket, error) {
	return nil, fmt.Errorf("%w: IPVS is a part of Linux", ErrAbsent)
}
