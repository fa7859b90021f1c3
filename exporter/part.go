package exporter

// part is a table and how its subjects are taken out of what was read. A source is made of them, so that what it writes and what it says
// of itself are the same.
type part[T any] struct {
	describe func() []described
	fill     func(*T, *sheet)
}

// whole is the table of a reading itself.
func whole[T any](t table[*T]) part[T] {
	return part[T]{t.describe, func(x *T, s *sheet) { t.fill(s, x) }}
}

// each is the table of the subjects of a reading.
func each[T, S any](t table[S], subjects func(*T) []S) part[T] {
	return part[T]{t.describe, func(x *T, s *sheet) { t.fill(s, subjects(x)...) }}
}

// most is the table of as many subjects as are worth a series of their own; the others are counted as dropped.
func most[T, S any](t table[S], subjects func(*T) (all []S, dropped int)) part[T] {
	return part[T]{t.describe, func(x *T, s *sheet) {
		all, dropped := subjects(x)
		s.dropped += dropped
		t.fill(s, all...)
	}}
}
