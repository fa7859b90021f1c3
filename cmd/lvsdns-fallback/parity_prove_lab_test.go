//go:build lab && prove

package main_test

import "testing"

// TestParityAtEveryStage has hysteresis and dynamic weights besides.
func TestParityAtEveryStage(t *testing.T) {
	parity(t, []stage{
		{"all up", []int{0, 0, 0, 0}},
		{"one down", []int{1, 0, 0, 0}},
		{"dynamic weights", []int{1, 0, 0, 52}},
		{"quorum lost", []int{1, 1, 0, 2}},
		{"all down", []int{1, 1, 1, 1}},
		{"one back", []int{0, 1, 1, 7}},
		{"two back, below the hysteresis", []int{0, 0, 1, 0}},
		{"all back", []int{0, 0, 0, 0}},
	})
}
