package unixsock

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// withSenders has the kernel say with each datagram who sent it (SO_PASSCRED, unix(7)): a sender cannot name somebody else, but for root.
func withSenders(c *net.UnixConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	if err := raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1) }); err != nil {
		return err
	}
	if set != nil {
		return fmt.Errorf("ask for the senders of datagrams: %w", set)
	}
	return nil
}

// Read reads a datagram of a socket of [ListenDatagram], and the user ID of its sender. whole is false if it was longer than b.
// Files that came with it are closed.
func Read(c *net.UnixConn, b []byte) (n int, uid uint32, whole bool, err error) {
	var oob [256]byte
	n, oobn, flags, _, err := c.ReadMsgUnix(b, oob[:])
	if err != nil {
		return 0, Nobody, false, err
	}
	return n, sender(oob[:oobn]), flags&unix.MSG_TRUNC == 0, nil
}

func sender(oob []byte) uint32 {
	uid := Nobody
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return uid
	}
	for i := range messages {
		if who, err := unix.ParseUnixCredentials(&messages[i]); err == nil {
			uid = who.Uid
		}
		if files, err := unix.ParseUnixRights(&messages[i]); err == nil {
			for _, fd := range files {
				_ = unix.Close(fd)
			}
		}
	}
	return uid
}

// Peer is the user who has connected: as who the process ran when it did (SO_PEERCRED, unix(7)). It is [Nobody] if the kernel does not
// tell, as of a connection over TCP.
func Peer(conn net.Conn) uint32 {
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return Nobody
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return Nobody
	}
	uid := Nobody
	_ = raw.Control(func(fd uintptr) {
		if who, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			uid = who.Uid
		}
	})
	return uid
}
