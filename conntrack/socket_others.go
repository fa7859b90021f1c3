//go:build !linux

package conntrack

import "errors"

func dialNetlink() (socket, error) { return nil, errors.ErrUnsupported }
