package checker

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"

	"github.com/miekg/dns"
)

// Buffers are kept between checks by a process that runs many: what receives a datagram must hold the largest of them, which is far more
// than an answer is. The zero value is ready, and may be used by many checks at a time.
type Buffers struct{ pool sync.Pool }

type buffer [dns.MaxMsgSize]byte

func (b *Buffers) get() *buffer {
	if b != nil {
		if kept, ok := b.pool.Get().(*buffer); ok {
			return kept
		}
	}
	return new(buffer)
}

// await waits until a datagram or an error can be read, so that a check holds no buffer while it waits for its answer. A process
// of one check saves the system call.
func (b *Buffers) await(conn *net.UDPConn) error {
	if b == nil {
		return nil
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var none [1]byte
	waitErr := raw.Read(func(fd uintptr) bool {
		_, _, err = syscall.Recvfrom(int(fd), none[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return !errors.Is(err, syscall.EAGAIN)
	})
	if waitErr != nil {
		return waitErr
	}
	return os.NewSyscallError("recvfrom", err)
}

// put takes a buffer back. Nothing of what was read from it may point into it.
func (b *Buffers) put(used *buffer) {
	if b != nil {
		b.pool.Put(used)
	}
}
