package metric

// Part is a table and how its subjects are taken out of what was read. A source is made of them, so that what it writes and what it says
// of itself are the same.
type Part[T any] struct {
	Describe func() []Described
	Fill     func(*T, *Sheet)
}

// Whole is the table of a reading itself.
func Whole[T any](t Table[*T]) Part[T] {
	return Part[T]{t.Describe, func(x *T, s *Sheet) { t.Fill(s, x) }}
}

// Each is the table of the subjects of a reading.
func Each[T, S any](t Table[S], subjects func(*T) []S) Part[T] {
	return Part[T]{t.Describe, func(x *T, s *Sheet) { t.Fill(s, subjects(x)...) }}
}

// Most is the table of as many subjects as are worth a series of their own; the others are counted as dropped.
func Most[T, S any](t Table[S], subjects func(*T) (all []S, dropped int)) Part[T] {
	return Part[T]{t.Describe, func(x *T, s *Sheet) {
		all, dropped := subjects(x)
		s.Dropped += dropped
		t.Fill(s, all...)
	}}
}
