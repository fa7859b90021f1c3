package conntrack

import (
	"testing"
)

// cpus makes a reading in which each processor has dropped so many packets, and found so many invalid: {number, drop, invalid}.
func cpus(list ...[3]uint32) []CPU {
	var all []CPU
	for _, x := range list {
		c := CPU{Number: uint16(x[0])}
		c.Counts[Drop], c.Counts[Invalid] = x[1], x[2]
		c.Known[Drop], c.Known[Invalid] = true, true
		all = append(all, c)
	}
	return all
}

func TestTotals(t *testing.T) {
	const top = 1<<32 - 1
	for _, tt := range []struct {
		name          string
		readings      [][]CPU
		drop, invalid uint64
	}{
		{"nothing yet", nil, 0, 0},
		{"what there was before us counts", [][]CPU{cpus([3]uint32{0, 5, 7}, [3]uint32{1, 6, 8})}, 11, 15},
		{"forwards", [][]CPU{cpus([3]uint32{0, 5, 0}), cpus([3]uint32{0, 5, 0}), cpus([3]uint32{0, 9, 1})}, 9, 1},
		{"wrap", [][]CPU{cpus([3]uint32{0, top - 4, 0}), cpus([3]uint32{0, 10, 0})}, 1<<32 + 10, 0},
		{"wrap of one processor of two", [][]CPU{
			cpus([3]uint32{0, top, 3}, [3]uint32{1, 100, 4}), cpus([3]uint32{0, 0, 3}, [3]uint32{1, 200, 4}),
		}, 1<<32 + 200, 7},
		{"wrap again and again", [][]CPU{
			cpus([3]uint32{0, 1 << 31, 0}), cpus([3]uint32{0, top, 0}), cpus([3]uint32{0, 1 << 30, 0}), cpus([3]uint32{0, 1 << 31, 0}),
			cpus([3]uint32{0, top - 1, 0}), cpus([3]uint32{0, 4, 0}),
		}, 2<<32 + 4, 0},
		{"first reading is high", [][]CPU{cpus([3]uint32{0, top, top})}, top, top},
		{"a processor appears", [][]CPU{cpus([3]uint32{0, 5, 0}), cpus([3]uint32{0, 6, 0}, [3]uint32{1, 100, 2})}, 106, 2},
		{"a processor vanishes and keeps its share", [][]CPU{
			cpus([3]uint32{0, 5, 0}, [3]uint32{1, 100, 0}), cpus([3]uint32{0, 6, 0}),
		}, 106, 0},
		{"and returns as it was", [][]CPU{
			cpus([3]uint32{0, 5, 0}, [3]uint32{1, 100, 0}), cpus([3]uint32{0, 6, 0}), cpus([3]uint32{0, 7, 0}, [3]uint32{1, 103, 0}),
		}, 110, 0},
		{"or has wrapped meanwhile", [][]CPU{
			cpus([3]uint32{0, 5, 0}, [3]uint32{1, top, 0}), cpus([3]uint32{0, 6, 0}), cpus([3]uint32{0, 6, 0}, [3]uint32{1, 1, 0}),
		}, 6 + 1<<32 + 1, 0},
		{"none is there", [][]CPU{cpus([3]uint32{0, 5, 1}), nil, cpus([3]uint32{0, 6, 1})}, 6, 1},
		{"the module is loaded again", [][]CPU{
			cpus([3]uint32{0, 500, 60}, [3]uint32{1, 100, 70}), cpus([3]uint32{0, 3, 0}, [3]uint32{1, 0, 1}),
		}, 603, 131},
		{"and has passed one of its old values", [][]CPU{
			cpus([3]uint32{0, 500, 2}), cpus([3]uint32{0, 3, 4}), cpus([3]uint32{0, 4, 5}),
		}, 504, 7},
		{"loaded again, after a wrap", [][]CPU{
			cpus([3]uint32{0, top, 9}), cpus([3]uint32{0, 20, 9}), cpus([3]uint32{0, 0, 0}),
		}, 1<<32 + 20, 9},
		{"loaded again while a processor was away", [][]CPU{
			cpus([3]uint32{0, 500, 0}, [3]uint32{1, 100, 0}), cpus([3]uint32{0, 1, 0}), cpus([3]uint32{0, 1, 0}, [3]uint32{1, 30, 0}),
		}, 631, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var totals Totals
			var last [events]uint64
			for _, r := range tt.readings {
				totals.Add(r)
				for _, e := range Events() {
					n, _ := totals.Of(e)
					if n < last[e] {
						t.Errorf("%s fell from %d to %d", e, last[e], n)
					}
					last[e] = n
				}
			}
			drop, known := totals.Of(Drop)
			invalid, _ := totals.Of(Invalid)
			if drop != tt.drop || invalid != tt.invalid || known != (len(tt.readings) > 0) {
				t.Errorf("drop %d (known: %t), invalid %d; want %d and %d", drop, known, invalid, tt.drop, tt.invalid)
			}
			if _, known := totals.Of(ClashResolve); known {
				t.Error("a counter that this kernel lacks is known")
			}
		})
	}
}
