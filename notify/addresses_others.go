//go:build !linux

package notify

import "errors"

// Addresses is there on Linux only, as keepalived is.
func Addresses() ([]Held, error) { return nil, errors.New("list addresses: this is not Linux") }
