//go:build prove

package dnscount

import "testing"

func TestAgreeMillion(t *testing.T) { agreeOn(t, 1_000_000) }
