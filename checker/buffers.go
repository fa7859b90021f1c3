package checker

import (
	"sync"

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

// put takes a buffer back. Nothing of what was read from it may point into it.
func (b *Buffers) put(used *buffer) {
	if b != nil {
		b.pool.Put(used)
	}
}
