package dnscount

// matches joins queries and responses. The one that is seen first waits for the other, whichever it is: cards have
// rings of their own, and what happened later may be read earlier. It has a fixed size and no timers.
type matches struct {
	ways    [][matchWays]half
	mask    uint64
	seed    uint64
	timeout int64
}

const matchWays = 4

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

func newMatches(size int, seed uint64, timeout int64) *matches {
	n := 1
	for n*matchWays < size {
		n *= 2
	}
	return &matches{ways: make([][matchWays]half, n), mask: uint64(n - 1), seed: seed, timeout: timeout}
}

func (t *matches) key(client address, port uint16, service uint8, transport Transport, id uint16) uint64 {
	return mix(t.seed, client.hi, client.lo, uint64(port)<<32|uint64(service)<<24|uint64(transport)<<16|uint64(id)) | 1
}

// find returns the half that waits under a key.
func (t *matches) find(key uint64) *half {
	set := &t.ways[key>>8&t.mask]
	for i := range set {
		if set[i].key == key {
			return &set[i]
		}
	}
	return nil
}

// put makes h wait; what had to make room for it, if anybody, is returned.
func (t *matches) put(h half) (evicted half) {
	set := &t.ways[h.key>>8&t.mask]
	oldest := &set[0]
	for i := range set {
		if set[i].key == 0 {
			set[i] = h
			return half{}
		}
		if set[i].at < oldest.at {
			oldest = &set[i]
		}
	}
	evicted, *oldest = *oldest, h
	return evicted
}

// expire takes out who has waited for too long, and tells.
func (t *matches) expire(now int64, tell func(half)) {
	for i := range t.ways {
		for j := range t.ways[i] {
			if h := &t.ways[i][j]; h.key != 0 && now-h.at > t.timeout {
				tell(*h)
				*h = half{}
			}
		}
	}
}

// forget takes out all of a service whose slot another will get.
func (t *matches) forget(service uint8) {
	for i := range t.ways {
		for j := range t.ways[i] {
			if h := &t.ways[i][j]; h.service == service {
				*h = half{}
			}
		}
	}
}
