//go:build lab && prove

package plan_test

import "testing"

// TestStartParityOfAll has every configuration.
func TestStartParityOfAll(t *testing.T) { startParity(t) }
