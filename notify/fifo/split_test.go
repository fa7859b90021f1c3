package fifo

import (
	"strings"
	"testing"
)

// TestSplitter cuts the same bytes at every place.
func TestSplitter(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	text := "one\n\x00two\n\n\x00\n" + long + "\nthree\nhalf"
	for cut := range len(text) {
		var s splitter
		var got []string
		tooLong := s.add([]byte(text[:cut]), func(l string) { got = append(got, l) })
		tooLong += s.add([]byte(text[cut:]), func(l string) { got = append(got, l) })
		if strings.Join(got, "|") != "one|two|three" || tooLong != 1 {
			t.Fatalf("cut at %d: %.200q, %d too long", cut, got, tooLong)
		}
		if !s.end() || s.end() {
			t.Fatalf("cut at %d: the half line at the end", cut)
		}
		s.add([]byte("four\n"), func(l string) { got = append(got, l) })
		if got[len(got)-1] != "four" {
			t.Fatalf("cut at %d: after the end: %q", cut, got)
		}
	}
}
