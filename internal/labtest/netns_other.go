//go:build !linux

package labtest

import (
	"errors"
	"os"
)

func inNetns(*os.File, func() error) error { return errors.ErrUnsupported }
