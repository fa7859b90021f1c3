package top

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// stir spreads numbers, so that tests have keys like those of a hash, and always the same.
func stir(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// holds checks what a space promises of a stream of which the exact counts are known.
func (s *space) holds(t *testing.T, exact map[uint64]uint64) {
	t.Helper()
	var total, sum uint64
	for _, n := range exact {
		total += n
	}
	for slot := range s.used {
		key, count, err := s.keys[slot], s.counts[slot], s.errs[slot]
		sum += count
		if s.find(key) != slot {
			t.Fatalf("slot %d has the key %x, which leads to %d", slot, key, s.find(key))
		}
		if n := exact[key]; n > count || n < count-err {
			t.Fatalf("key %x was added %d times, and is counted %d with an error of %d", key, n, count, err)
		}
		if err > total/uint64(len(s.keys)) {
			t.Fatalf("an error of %d, of %d in %d slots", err, total, len(s.keys))
		}
		if place := int(s.at[slot]); int(s.heap[place]) != slot || place > 0 && s.less(place, (place-1)/2) {
			t.Fatalf("slot %d is in the wrong place %d", slot, place)
		}
	}
	if sum != total || s.total != total {
		t.Fatalf("counts add up to %d (%d), want %d", sum, s.total, total)
	}
	for key, n := range exact {
		if slot := s.find(key); n > total/uint64(len(s.keys)) && slot < 0 {
			t.Fatalf("key %x was added %d times of %d and is not among %d", key, n, total, len(s.keys))
		} else if slot < 0 && n > s.least() {
			t.Fatalf("key %x was added %d times and is not there, and the least is %d", key, n, s.least())
		}
	}
}

// TestSpaceBound: with any stream no frequent key is missing and no count is off by more than the bound of Space-Saving, which is
// the length of the stream divided by the number of slots.
func TestSpaceBound(t *testing.T) {
	const length = 300_000
	random := rand.New(rand.NewPCG(1, 2))
	streams := map[string]func(i int) uint64{
		"few keys":     func(i int) uint64 { return uint64(i % 50) },
		"all new":      func(i int) uint64 { return uint64(i) },
		"one of two":   func(i int) uint64 { return uint64(i) * uint64(i%2) },
		"round robin":  func(i int) uint64 { return uint64(i % 65) }, // one more than there is room for
		"late":         func(i int) uint64 { return uint64(max(0, length*9/10-i)) },
		"early":        func(i int) uint64 { return uint64(max(0, i-length/10)) },
		"random heavy": func(int) uint64 { return uint64(random.ExpFloat64() * random.ExpFloat64() * 40) },
	}
	for s, name := range map[float64]string{1.01: "flat", 1.3: "like names", 2: "steep"} {
		zipf := rand.NewZipf(random, s, 1, 1<<30)
		streams["Zipf, "+name] = func(int) uint64 { return zipf.Uint64() }
	}
	for _, name := range slices.Sorted(maps.Keys(streams)) {
		s, exact := newSpace(64), map[uint64]uint64{}
		for i := range length {
			key, weight := stir(streams[name](i)), uint64(1)
			if i%7 == 0 {
				weight = 4 // a sample
			}
			s.add(key, weight)
			exact[key] += weight
			if i < 1000 || i == length-1 {
				s.holds(t, exact)
			}
			if t.Failed() {
				t.Fatal(name)
			}
		}
	}
}

// TestMerge: two windows together promise the same, with the sum of their errors.
func TestMerge(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 200 {
		now, before, exact := newSpace(32), newSpace(32), map[uint64]uint64{}
		for _, s := range []*space{now, before} {
			zipf := rand.NewZipf(random, 1.1+random.Float64(), 1, 1<<uint(3+round%12))
			for range random.IntN(3000) {
				key := stir(zipf.Uint64())
				s.add(key, 1)
				exact[key]++
			}
		}
		bound := now.total/32 + before.total/32
		seen, last := map[uint64]bool{}, uint64(1<<63)
		for _, m := range merge(now, before) {
			var key uint64
			if m.now >= 0 {
				key = now.keys[m.now]
			} else {
				key = before.keys[m.before]
			}
			if seen[key] || m.count > last {
				t.Fatalf("key %x comes twice, or after a smaller one", key)
			}
			seen[key], last = true, m.count
			if n := exact[key]; n > m.count || n < m.count-m.err || m.err > bound {
				t.Fatalf("key %x was added %d times, and is counted %d with an error of %d; the bound is %d", key, n, m.count, m.err, bound)
			}
		}
		for key, n := range exact {
			if n > bound && !seen[key] {
				t.Fatalf("key %x was added %d times and is missing; the bound is %d", key, n, bound)
			}
		}
	}
}

// FuzzTopSpace: whatever the order of keys, the promises hold.
func FuzzTopSpace(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 2, 9, 8})
	f.Fuzz(func(t *testing.T, stream []byte) {
		s, exact := newSpace(5), map[uint64]uint64{}
		for _, b := range stream[:min(len(stream), 100)] {
			key := uint64(b&31) * 0x0100_0000_0000_0008 // places in the index collide
			s.add(key, 1+uint64(b>>6))
			exact[key] += 1 + uint64(b>>6)
		}
		s.holds(t, exact)
	})
}
