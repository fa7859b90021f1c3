//go:build !linux

package conntrack

import (
	"context"
	"errors"
)

// Delete is for Linux.
func (c *Client) Delete(context.Context, []Flow) (deleted, gone int, err error) {
	return 0, 0, errors.ErrUnsupported
}
