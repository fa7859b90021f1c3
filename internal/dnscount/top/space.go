package top

// space counts the most frequent keys of a stream with room for some of them only. Of N that were added, each key with more
// than N divided by the room is there; a count is never too small, and too large by its error at most.
type space struct {
	keys   []uint64 // by slot
	counts []uint64
	errs   []uint64
	heap   []uint16 // slots, the smallest count first
	at     []uint16 // place in the heap, by slot
	index  []uint16 // open addressing by key: slot + 1
	mask   uint64
	used   int
	total  uint64
}

func newSpace(room int) *space {
	size := 4
	for size < 4*room {
		size *= 2
	}
	return &space{
		keys: make([]uint64, room), counts: make([]uint64, room), errs: make([]uint64, room),
		heap: make([]uint16, room), at: make([]uint16, room), index: make([]uint16, size), mask: uint64(size - 1),
	}
}

func (s *space) clear() {
	clear(s.index)
	s.used, s.total = 0, 0
}

// least is the most that a key may have been counted for that is not there.
func (s *space) least() uint64 {
	if s.used < len(s.keys) {
		return 0
	}
	return s.counts[s.heap[0]]
}

// find returns the slot of a key, or -1.
func (s *space) find(key uint64) int {
	for i := key & s.mask; s.index[i] != 0; i = (i + 1) & s.mask {
		if slot := s.index[i] - 1; s.keys[slot] == key {
			return int(slot)
		}
	}
	return -1
}

// add counts a key, and reports whether its slot is new to it: another may have had it.
func (s *space) add(key, weight uint64) (slot int, fresh bool) {
	s.total += weight
	if slot = s.find(key); slot >= 0 {
		s.counts[slot] += weight
		s.sink(int(s.at[slot]))
		return slot, false
	}
	if s.used < len(s.keys) {
		slot = s.used
		s.heap[slot], s.at[slot] = uint16(slot), uint16(slot)
		s.keys[slot], s.counts[slot], s.errs[slot] = key, weight, 0
		s.used++
		s.rise(slot)
	} else {
		slot = int(s.heap[0])
		s.remove(s.keys[slot])
		s.keys[slot], s.errs[slot] = key, s.counts[slot]
		s.counts[slot] += weight
		s.sink(0)
	}
	i := key & s.mask
	for s.index[i] != 0 {
		i = (i + 1) & s.mask
	}
	s.index[i] = uint16(slot + 1)
	return slot, true
}

// remove takes a key out of the index, and moves those up that had to give way to it.
func (s *space) remove(key uint64) {
	i := key & s.mask
	for s.keys[s.index[i]-1] != key {
		i = (i + 1) & s.mask
	}
	for j := i; ; {
		s.index[i] = 0
		for {
			j = (j + 1) & s.mask
			if s.index[j] == 0 {
				return
			}
			// One whose own place lies after i, on the way to j, must stay.
			if home := s.keys[s.index[j]-1] & s.mask; (j-home)&s.mask >= (j-i)&s.mask {
				break
			}
		}
		s.index[i] = s.index[j]
		i = j
	}
}

func (s *space) sink(i int) {
	for {
		child := 2*i + 1
		if child >= s.used {
			return
		}
		if child+1 < s.used && s.less(child+1, child) {
			child++
		}
		if !s.less(child, i) {
			return
		}
		s.swap(i, child)
		i = child
	}
}

func (s *space) rise(i int) {
	for i > 0 && s.less(i, (i-1)/2) {
		s.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (s *space) less(i, j int) bool { return s.counts[s.heap[i]] < s.counts[s.heap[j]] }

func (s *space) swap(i, j int) {
	s.heap[i], s.heap[j] = s.heap[j], s.heap[i]
	s.at[s.heap[i]], s.at[s.heap[j]] = uint16(i), uint16(j)
}
