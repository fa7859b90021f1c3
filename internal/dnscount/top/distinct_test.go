package top

import (
	"math"
	"testing"
)

// TestDistinctError: from nothing to a million, the error over many runs is the one that HyperLogLog promises.
func TestDistinctError(t *testing.T) {
	for _, registers := range []int{zoneNames, serviceNames} {
		promise := 1.04 / math.Sqrt(float64(registers))
		for n, runs := range map[int]int{1: 200, 10: 200, 100: 200, 1000: 200, 10_000: 100, 100_000: 40, 1_000_000: 10} {
			var squares, worst, sum float64
			for run := range runs {
				d := make(distinct, registers)
				for i := range n {
					h := stir(uint64(run)<<40 | uint64(i))
					d.add(h)
					if i%3 == 0 {
						d.add(h) // again: no matter
					}
				}
				off := d.estimate()/float64(n) - 1
				squares, sum, worst = squares+off*off, sum+off, max(worst, math.Abs(off))
			}
			rms, bias := math.Sqrt(squares/float64(runs)), sum/float64(runs)
			t.Logf(
				"%d registers, %d things: error %.2f %%, promised %.2f %%; bias %.2f %%, worst %.2f %%", registers, n,
				100*rms, 100*promise, 100*bias, 100*worst,
			)
			// The error of so many runs is itself uncertain: by 3 of its own standard errors. Of few things two may share a register.
			if slack := 1 + 3/math.Sqrt(2*float64(runs)); rms > promise*slack || worst > max(5*promise, 2.1/float64(n)) ||
				math.Abs(bias) > 4*promise/math.Sqrt(float64(runs)) {
				t.Errorf(
					"%d registers, %d things: error %.2f %%, promised %.2f %%; bias %.2f %%, worst %.2f %%", registers,
					n, 100*rms, 100*promise, 100*bias, 100*worst,
				)
			}
		}
	}
}

func TestDistinctEdges(t *testing.T) {
	d := make(distinct, zoneNames)
	if n := d.estimate(); n != 0 {
		t.Errorf("nothing is %g", n)
	}
	for range 1000 {
		d.add(0)
		d.add(1<<64 - 1)
	}
	if n := d.estimate(); n < 1.5 || n > 2.5 {
		t.Errorf("two are %g", n)
	}
	for i := range d {
		d[i] = 64 - 10 + 1 // the highest that there is
	}
	if n := d.estimate(); n < 1e15 || math.IsNaN(n) {
		t.Errorf("everything is %g", n)
	}
	a, b, both := make(distinct, zoneNames), make(distinct, zoneNames), make(distinct, zoneNames)
	for i := range uint64(5000) {
		[]distinct{a, b}[i%2].add(stir(i))
		a.add(stir(i % 100))
		both.add(stir(i))
	}
	if got, want := a.with(b).estimate(), both.estimate(); got != want {
		t.Errorf("two sets together are %g, want %g", got, want)
	}
}
