//go:build !linux

package unixsock

import (
	"errors"
	"net"
)

func withSenders(*net.UnixConn) error { return errors.ErrUnsupported }

// Read is for Linux.
func Read(*net.UnixConn, []byte) (n int, uid uint32, whole bool, err error) {
	return 0, Nobody, false, errors.ErrUnsupported
}

// Peer is for Linux.
func Peer(net.Conn) uint32 { return Nobody }
