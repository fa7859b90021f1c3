//go:build !linux

package netns

import (
	"errors"
	"os"
)

// New is for Linux.
func New() (*os.File, error) { return nil, errors.ErrUnsupported }

// Do is for Linux.
func Do(*os.File, func() error) error { return errors.ErrUnsupported }
