package dnscount

import "math/bits"

// matches joins queries and responses. The one that is seen first waits for the other, whichever it is: cards have
// rings of their own, and what happened later may be read earlier. It has a fixed size and no timers.
//
// Nearly every query is answered before a thousand others come, so new halves wait in a table that stays in the processor's
// cache. What is still there when its place is wanted moves to a large one, of which only a bit is looked at as a rule: a place
// there is as good as never in the cache, and reading it cost more than all the rest of counting a packet.
type matches struct {
	recent  halves
	older   halves
	used    []uint64 // a bit for each slot of older that may have any; it stays until expire
	seed    uint64
	timeout int64
}

// halves is a hash table.
type halves struct {
	ways [][matchWays]half
	mask uint64
}

const (
	matchWays = 4
	// maxRecent keeps the table of new halves at 32 KiB.
	maxRecent = 1 << 10
)

// half is a query without its response or the other way round.
type half struct {
	key      uint64 // client, its port, service, transport, ID; 0: nobody
	at       int64
	question uint32
	service  uint8
	state    state
	weight   uint16
}

type state uint8

const (
	asked    state = iota + 1 // a query that waits
	answered                  // a response that waits
	transfer                  // a zone transfer that goes on: more responses to the same query will come
)

func newHalves(size int) halves {
	n := 1
	for n*matchWays < size {
		n *= 2
	}
	return halves{ways: make([][matchWays]half, n), mask: uint64(n - 1)}
}

func newMatches(size int, seed uint64, timeout int64) *matches {
	recent := min(size/2, maxRecent)
	t := &matches{recent: newHalves(recent), older: newHalves(size - recent), seed: seed, timeout: timeout}
	t.used = make([]uint64, (len(t.older.ways)+63)/64)
	return t
}

func (t *matches) key(client address, port uint16, service uint8, transport Transport, id uint16) uint64 {
	return mix(t.seed, client.hi, client.lo, uint64(port)<<32|uint64(service)<<24|uint64(transport)<<16|uint64(id)) | 1
}

// slot is where the ways of a key are.
func (h *halves) slot(key uint64) uint64 { return key >> 8 & h.mask }

// find returns the half that waits under a key.
func (t *matches) find(key uint64) *half {
	set := &t.recent.ways[t.recent.slot(key)]
	for i := range set {
		if set[i].key == key {
			return &set[i]
		}
	}
	n := t.older.slot(key)
	if t.used[n/64]&(1<<(n%64)) == 0 {
		return nil
	}
	set = &t.older.ways[n]
	for i := range set {
		if set[i].key == key {
			return &set[i]
		}
	}
	return nil
}

// put makes h wait; what had to make room for it, if anybody, is returned.
func (t *matches) put(h half) (evicted half) {
	if evicted = t.recent.put(h); evicted.key == 0 {
		return evicted
	}
	return t.keep(evicted)
}

// keep moves a half to the large table.
func (t *matches) keep(h half) (evicted half) {
	n := t.older.slot(h.key)
	t.used[n/64] |= 1 << (n % 64)
	return t.older.put(h)
}

// put makes one wait in a place that is free, or in that of the oldest.
func (h *halves) put(one half) (evicted half) {
	set := &h.ways[h.slot(one.key)]
	oldest := &set[0]
	for i := range set {
		if set[i].key == 0 {
			set[i] = one
			return half{}
		}
		if set[i].at < oldest.at {
			oldest = &set[i]
		}
	}
	evicted, *oldest = *oldest, one
	return evicted
}

// expire takes out who has waited for too long, and tells.
func (t *matches) expire(now int64, tell func(half)) {
	for i := range t.recent.ways {
		t.late(&t.recent.ways[i], now, tell)
	}
	for i, word := range t.used {
		for ; word != 0; word &= word - 1 {
			bit := bits.TrailingZeros64(word)
			if t.late(&t.older.ways[i*64+bit], now, tell) == 0 {
				t.used[i] &^= 1 << bit
			}
		}
	}
}

// late does so in one slot, and returns how many still wait there.
func (t *matches) late(set *[matchWays]half, now int64, tell func(half)) (waiting int) {
	for i := range set {
		switch h := &set[i]; {
		case h.key == 0:
		case now-h.at > t.timeout:
			tell(*h)
			*h = half{}
		default:
			waiting++
		}
	}
	return waiting
}

// forget takes out all of a service whose slot another will get.
func (t *matches) forget(service uint8) {
	for _, ways := range [...][][matchWays]half{t.recent.ways, t.older.ways} {
		for i := range ways {
			for j := range ways[i] {
				if h := &ways[i][j]; h.service == service {
					*h = half{}
				}
			}
		}
	}
}
