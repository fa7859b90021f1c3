//go:build !linux

package hook

import (
	"errors"

	"github.com/lvsdns/lvsdns/notify"
)

// Addresses is there on Linux only, as keepalived is.
func Addresses() ([]notify.Held, error) { return nil, errors.New("list addresses: this is not Linux") }
