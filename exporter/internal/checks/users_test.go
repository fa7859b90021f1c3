package checks

import "testing"

// TestManyStrangers: one user with many numbers takes no more memory for each.
func TestManyStrangers(t *testing.T) {
	u := newUsers(nil)
	for user := range uint32(100_000) {
		u.turnAway(user + 1)
	}
	if n := len(u.turnedAway()); n != maxStrangers {
		t.Errorf("%d are remembered", n)
	}
}
