package top

import (
	"math"
	"math/bits"
)

// distinct estimates how many different things it was given, by the registers of a HyperLogLog, the number of which is a power
// of two. Its standard error is 1.04 divided by the root of that number. The estimator is that of Ertl, "New
// cardinality estimation algorithms for HyperLogLog sketches", 2017, which needs no corrections for small numbers.
type distinct []uint8

// add takes a hash of all 64 bits.
func (d distinct) add(hash uint64) {
	p := bits.TrailingZeros(uint(len(d)))
	// The last bit set ends the run of zeros.
	run := uint8(bits.LeadingZeros64(hash<<p|1<<(p-1))) + 1
	if r := &d[hash>>(64-p)]; *r < run {
		*r = run
	}
}

func (d distinct) estimate() float64 {
	q := 64 - bits.TrailingZeros(uint(len(d)))
	var counts [66]float64
	for _, r := range d {
		counts[r]++
	}
	m := float64(len(d))
	z := m * tau(1-counts[q+1]/m)
	for k := q; k >= 1; k-- {
		z = (z + counts[k]) / 2
	}
	z += m * sigma(counts[0]/m)
	return m * m / (2 * math.Ln2 * z)
}

// sigma is x plus the sum of x^(2^k) * 2^(k-1).
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	sum, factor := x, 1.0
	for {
		x *= x
		before := sum
		sum += x * factor
		factor *= 2
		if sum == before {
			return sum
		}
	}
}

// tau is a third of 1-x minus the sum of (1-x^(2^-k))^2 * 2^-k.
func tau(x float64) float64 {
	if x <= 0 || x >= 1 {
		return 0
	}
	sum, factor := 1-x, 1.0
	for {
		x = math.Sqrt(x)
		before := sum
		factor /= 2
		sum -= (1 - x) * (1 - x) * factor
		if sum == before {
			return sum / 3
		}
	}
}
