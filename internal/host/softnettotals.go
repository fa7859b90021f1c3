package host

import (
	"maps"
	"slices"
)

// SoftnetTotals adds up what the kernel counts in 32 bits, so that nothing falls when a counter wraps, or when a processor
// goes offline and its row with it. The zero SoftnetTotals is empty; it is not safe for use by several goroutines.
//
// A counter that wraps twice between two readings is noticed once: at a million packets a second for one processor, read
// it each hour.
type SoftnetTotals struct {
	sum   SoftnetSum
	cpus  map[int]*SoftnetSum
	last  map[int]Softnet
	loose []Softnet // last reading, if the rows have no numbers

	backlog    uint64
	hasBacklog bool
}

// SoftnetSum is what one processor did, or all of them.
type SoftnetSum struct {
	Processed, Dropped, TimeSqueeze, ReceivedRPS, FlowLimit uint64
}

// SoftnetCPU is the sum of one processor.
type SoftnetCPU struct {
	CPU int
	SoftnetSum
}

// add takes a difference modulo 2^32: that is right over a wrap.
func (s *SoftnetSum) add(last, now Softnet) {
	s.Processed += uint64(now.Processed - last.Processed)
	s.Dropped += uint64(now.Dropped - last.Dropped)
	s.TimeSqueeze += uint64(now.TimeSqueeze - last.TimeSqueeze)
	s.ReceivedRPS += uint64(now.ReceivedRPS - last.ReceivedRPS)
	s.FlowLimit += uint64(now.FlowLimit - last.FlowLimit)
}

// Add takes the next reading. What a processor had counted before it was seen first is part of the sum, as it is of the kernel's.
func (t *SoftnetTotals) Add(rows []Softnet) {
	if len(rows) == 0 {
		return
	}
	t.backlog, t.hasBacklog = 0, rows[0].HasBacklog
	for _, row := range rows {
		t.backlog += uint64(row.Backlog)
	}
	if rows[0].CPU < 0 {
		t.addLoose(rows)
		return
	}
	if t.cpus == nil {
		t.cpus, t.last = map[int]*SoftnetSum{}, map[int]Softnet{}
	}
	for _, row := range rows {
		last, known := t.last[row.CPU]
		if !known {
			t.cpus[row.CPU] = &SoftnetSum{}
			if t.loose != nil {
				last = row // it is in the sum already, without its number
			}
		}
		t.sum.add(last, row)
		t.cpus[row.CPU].add(last, row)
		t.last[row.CPU] = row
	}
	t.loose = nil
}

// addLoose takes rows without numbers. They belong to the same processors as before as long as there are as many. If
// there are not, what happened since is lost: better than to take another processor's count for a wrap.
func (t *SoftnetTotals) addLoose(rows []Softnet) {
	if t.last != nil {
		return // the numbers were not to be had this once; the next reading has the difference
	}
	last := t.loose
	if last == nil {
		last = make([]Softnet, len(rows))
	}
	if len(last) == len(rows) {
		for i := range rows {
			t.sum.add(last[i], rows[i])
		}
	}
	t.loose = rows
}

// Sum is that of all processors that were ever seen.
func (t *SoftnetTotals) Sum() SoftnetSum { return t.sum }

// CPUs are the sums of each processor that was ever seen, by number; none if the kernel does not tell the numbers.
func (t *SoftnetTotals) CPUs() []SoftnetCPU {
	var all []SoftnetCPU
	for _, cpu := range slices.Sorted(maps.Keys(t.cpus)) {
		all = append(all, SoftnetCPU{cpu, *t.cpus[cpu]})
	}
	return all
}

// Backlog is how many packets waited at the last reading; false if the kernel does not tell.
func (t *SoftnetTotals) Backlog() (packets uint64, known bool) { return t.backlog, t.hasBacklog }
