//go:build !linux

package nftcount

import (
	"errors"
	"time"
)

// Read reads counters where there is nftables.
func Read(time.Duration) ([]Counter, error) {
	return nil, errors.New("read nftables: this is not Linux")
}
