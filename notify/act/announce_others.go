//go:build !linux

package act

import (
	"errors"
	"net"
)

func sendFrame(*net.Interface, []byte) error { return errors.New("send a frame: this is not Linux") }
