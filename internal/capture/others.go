//go:build !linux

package capture

import (
	"errors"

	"golang.org/x/net/bpf"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

type ring struct{ link dnscount.Link }

type ringStats struct{ packets, drops, freezes uint64 }

func openRing(int, dnscount.Link, int, int, []bpf.RawInstruction) (*ring, error) {
	return nil, errors.ErrUnsupported
}

func (r *ring) attach([]bpf.RawInstruction) error { return errors.ErrUnsupported }
func (r *ring) read(func(*dnscount.Frame)) int    { return 0 }
func (r *ring) stats() (ringStats, error)         { return ringStats{}, errors.ErrUnsupported }
func (r *ring) close()                            {}

// Links is for Linux.
func Links() ([]Link, error) { return nil, errors.ErrUnsupported }

// Neighbours is for Linux.
func Neighbours() ([]Neighbour, error) { return nil, errors.ErrUnsupported }

// Allowed is for Linux.
func Allowed() error { return errors.ErrUnsupported }
