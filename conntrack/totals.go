package conntrack

// Totals adds up what the processors have counted, in 64 bits. The zero value has counted nothing.
//
// A kernel's counter is 32 bits wide and wraps within hours on a busy director, and a sum of such counters that falls looks like a
// restart. So what is added is the distance that each has gone since the last reading. That is right as long as no counter
// goes 2^31 steps between two readings: half an hour at a million packets a second.
type Totals struct {
	sum   [events]uint64
	known [events]bool
	last  map[uint16][events]uint32
}

// Add adds a reading of all processors that are there.
//
// A processor that is not there keeps its share, and goes on from it when it is back. A reading in which a counter stands behind
// its last value, by less than a wrap would take it, is of a kernel that counts anew, because the module was loaded again:
// then all processors have begun at 0.
func (t *Totals) Add(cpus []CPU) {
	if t.last == nil {
		t.last = map[uint16][events]uint32{}
	}
	if t.anew(cpus) {
		clear(t.last)
	}
	for _, cpu := range cpus {
		last := t.last[cpu.Number]
		for e := range events {
			t.sum[e] += uint64(cpu.Counts[e] - last[e]) // modulo 2^32, as the kernel counts
			t.known[e] = t.known[e] || cpu.Known[e]
		}
		t.last[cpu.Number] = cpu.Counts
	}
}

// anew reports whether a counter has gone backwards.
func (t *Totals) anew(cpus []CPU) bool {
	for _, cpu := range cpus {
		last := t.last[cpu.Number]
		for e := range events {
			if cpu.Counts[e]-last[e] >= 1<<31 {
				return true
			}
		}
	}
	return false
}

// Of is how often something happened; false if this kernel does not count it.
func (t *Totals) Of(e Event) (n uint64, known bool) { return t.sum[e], t.known[e] }
