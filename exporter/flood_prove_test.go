//go:build prove

package exporter

import (
	"testing"
	"time"
)

// TestMillionStrangers has 1,000,000 reports of a user without rights beside 200 honest checks a second.
func TestMillionStrangers(t *testing.T) { floodOfStrangers(t, 1_000_000, 50*time.Millisecond) }
