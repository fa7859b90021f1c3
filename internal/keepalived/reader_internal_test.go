package keepalived

import (
	"fmt"
	"strings"
	"testing"
)

// TestFirstBrace: braces within quotes are text, and those right behind them are not.
func TestFirstBrace(t *testing.T) {
	for line, want := range map[string]int{
		"a {": 2, "a}": 1, "{": 0, `"a"{`: 3, `""}`: 2, `"{" {`: 4, `"{""}" }`: 7, `a "b {`: -1, `a "{" "`: -1, "a": -1, "": -1,
		`'{'`: 1, `\{`: 1,
	} {
		if got := firstBrace(line); got != want {
			t.Errorf("firstBrace(%q) = %d, want %d", line, got, want)
		}
	}
}

// TestLongSequence has the numbers of a ~SEQ that just fit keepalived's buffer of 64 bytes, with the parenthesis and a zero.
func TestLongSequence(t *testing.T) {
	for n, want := range map[int]bool{62: true, 63: false} {
		line := "~SEQ(i, " + fmt.Sprintf("%0*d", n, 2) + ") x" // a number behind zeros, which make it octal
		if _, ok := parseSequence(line, func(s string) string { return s }); ok != want {
			t.Errorf("numbers of %d bytes: %t, want %t", n, ok, want)
		}
	}
}

// TestSequenceNumbers has the numbers in the notation of C (strtol(3) with base 0).
func TestSequenceNumbers(t *testing.T) {
	for _, tt := range []struct {
		text, rest string
		want       int64
	}{
		{"12x", "x", 12},
		{" -12", "", -12},
		{"+012", "", 10},
		{"08", "8", 0},
		{"0x1F", "", 31},
		{"-0X10", "", -16},
		{"0x", "x", 0},
		{"0xg", "xg", 0},
		{"", "", 0},
		{"-", "", 0},
		{strings.Repeat("9", 30), "", 1 << 61},
	} {
		if n, rest := scanInt(tt.text); n != tt.want || rest != tt.rest {
			t.Errorf("scanInt(%q) = %d, %q, want %d, %q", tt.text, n, rest, tt.want, tt.rest)
		}
	}
}
