//go:build lab && prove

package plan_test

import "testing"

// TestScaleOfAThousand is a table of the size that large directors have.
func TestScaleOfAThousand(t *testing.T) { scale(t, 1000) }
