package top

import (
	"cmp"
	"slices"
)

// merged is a key of two windows.
type merged struct {
	count, err  uint64
	now, before int // slots; -1: not there
}

// merge adds what two windows counted, the most frequent keys first. One that a full window lacks may have been there as
// often as the least that it has, so the count is never too small here either, and the errors add up.
func merge(now, before *space) []merged {
	all := make([]merged, 0, now.used+before.used)
	for slot := range now.used {
		m := merged{count: now.counts[slot], err: now.errs[slot], now: slot, before: before.find(now.keys[slot])}
		if m.before >= 0 {
			m.count, m.err = m.count+before.counts[m.before], m.err+before.errs[m.before]
		} else {
			m.count, m.err = m.count+before.least(), m.err+before.least()
		}
		all = append(all, m)
	}
	for slot := range before.used {
		if now.find(before.keys[slot]) < 0 {
			all = append(all, merged{count: before.counts[slot] + now.least(), err: before.errs[slot] + now.least(), now: -1, before: slot})
		}
	}
	slices.SortFunc(all, func(a, b merged) int {
		// Of equal counts the one that is surer, then always the same one.
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.err, b.err), cmp.Compare(b.now, a.now), cmp.Compare(b.before, a.before))
	})
	return all
}

// of returns what the slots of a key have, one or two.
func of[T any](m merged, now, before []T) (parts []*T) {
	if m.now >= 0 {
		parts = append(parts, &now[m.now])
	}
	if m.before >= 0 {
		parts = append(parts, &before[m.before])
	}
	return parts
}

// with is the registers of two together. Both have the same number of them.
func (d distinct) with(other distinct) distinct {
	both := slices.Clone(d)
	for i, r := range other {
		both[i] = max(both[i], r)
	}
	return both
}
