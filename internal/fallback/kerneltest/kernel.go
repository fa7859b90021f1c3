// Package kerneltest is an IPVS table in memory, for tests: with the kernel's rules
// about what exists, a log of all writes, and faults on demand.
package kerneltest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Kernel is a table. The zero Kernel is empty. Its methods may be called at the same time; who reads or writes its
// fields meanwhile does so inside Do.
type Kernel struct {
	mu sync.Mutex

	Entries []ipvs.TableEntry
	Limits  ipvs.Timeouts
	Syncd   []ipvs.Daemon

	Writes []string // each write that was asked for, in order
	FailAt int      // the write that fails, from 1; 0: none
	Refuse string   // writes that have this in them fail, each time; empty: none
	Fault  error    // what it fails with

	Before func() // is called before each call, when the table may be used; nil: nothing is
	Look   func() // is called at each look, when it may not; nil: nothing is
}

// Do runs f while nobody else has the table.
func (k *Kernel) Do(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f()
}

// lock begins a look or a write.
func (k *Kernel) lock() {
	if k.Before != nil {
		k.Before()
	}
	k.mu.Lock()
}

func (k *Kernel) write(format string, args ...any) error {
	k.Writes = append(k.Writes, fmt.Sprintf(format, args...))
	last := k.Writes[len(k.Writes)-1]
	if k.FailAt == len(k.Writes) || k.Refuse != "" && strings.Contains(last, k.Refuse) {
		return k.Fault
	}
	return nil
}

// Snapshot copies the table.
func (k *Kernel) Snapshot(context.Context) (ipvs.Table, error) {
	k.lock()
	defer k.mu.Unlock()
	if k.Look != nil {
		k.Look()
	}
	var t ipvs.Table
	for _, e := range k.Entries {
		e.Destinations = slices.Clone(e.Destinations)
		t.Entries = append(t.Entries, e)
	}
	return t, nil
}

// Timeouts are those of connections.
func (k *Kernel) Timeouts(context.Context) (ipvs.Timeouts, error) {
	k.lock()
	defer k.mu.Unlock()
	return k.Limits, nil
}

// Daemons are the synchronisation daemons.
func (k *Kernel) Daemons(context.Context) ([]ipvs.Daemon, error) {
	k.lock()
	defer k.mu.Unlock()
	return k.Syncd, nil
}

// Find is a service of the table, nil if it is not there.
func (k *Kernel) Find(key ipvs.ServiceKey) *ipvs.TableEntry {
	for i := range k.Entries {
		if k.Entries[i].Service.ServiceKey == key {
			return &k.Entries[i]
		}
	}
	return nil
}

func (k *Kernel) server(key ipvs.ServiceKey, d ipvs.DestinationKey) (*ipvs.TableEntry, int) {
	e := k.Find(key)
	if e == nil {
		return nil, -1
	}
	return e, slices.IndexFunc(e.Destinations, func(x ipvs.Destination) bool { return x.DestinationKey == d })
}

// NewService adds a service.
func (k *Kernel) NewService(_ context.Context, s ipvs.Service) error {
	k.lock()
	defer k.mu.Unlock()
	if err := k.write("new %s", s.ServiceKey); err != nil {
		return err
	}
	if k.Find(s.ServiceKey) != nil {
		return ipvs.ErrExists
	}
	k.Entries = append(k.Entries, ipvs.TableEntry{Service: s})
	return nil
}

// SetService changes a service.
func (k *Kernel) SetService(_ context.Context, s ipvs.Service) error {
	k.lock()
	defer k.mu.Unlock()
	if err := k.write("set %s", s.ServiceKey); err != nil {
		return err
	}
	e := k.Find(s.ServiceKey)
	if e == nil {
		return ipvs.ErrMissing
	}
	e.Service = s
	return nil
}

// DeleteService removes a service.
func (k *Kernel) DeleteService(_ context.Context, key ipvs.ServiceKey) (bool, error) {
	k.lock()
	defer k.mu.Unlock()
	if err := k.write("delete %s", key); err != nil {
		return false, err
	}
	n := len(k.Entries)
	k.Entries = slices.DeleteFunc(k.Entries, func(e ipvs.TableEntry) bool { return e.Service.ServiceKey == key })
	return len(k.Entries) < n, nil
}

// NewDestination adds a real server.
func (k *Kernel) NewDestination(_ context.Context, key ipvs.ServiceKey, d ipvs.Destination) error {
	k.lock()
	defer k.mu.Unlock()
	if err := k.write("new %s of %s weight %d", d.DestinationKey, key, d.Weight); err != nil {
		return err
	}
	e, i := k.server(key, d.DestinationKey)
	if e == nil {
		return ipvs.ErrMissing
	}
	if i >= 0 {
		return ipvs.ErrExists
	}
	e.Destinations = append(e.Destinations, d)
	return nil
}

// SetDestination changes a real server.
func (k *Kernel) SetDestination(_ context.Context, key ipvs.ServiceKey, d ipvs.Destination) error {
	k.lock()
	defer k.mu.Unlock()
	if err := k.write("set %s of %s weight %d", d.DestinationKey, key, d.Weight); err != nil {
		return err
	}
	e, i := k.server(key, d.DestinationKey)
	if e == nil || i < 0 {
		return ipvs.ErrMissing
	}
	e.Destinations[i] = d
	return nil
}

// DeleteDestination removes a real server.
func (k *Kernel) DeleteDestination(_ context.Context, key ipvs.ServiceKey, d ipvs.DestinationKey) (bool, error) {
	k.lock()
	defer k.mu.Unlock()
	if err := k.write("delete %s of %s", d, key); err != nil {
		return false, err
	}
	e, i := k.server(key, d)
	if e == nil || i < 0 {
		return false, nil
	}
	e.Destinations = slices.Delete(e.Destinations, i, i+1)
	return true, nil
}

// SetTimeouts changes the timeouts that are not zero.
func (k *Kernel) SetTimeouts(_ context.Context, t ipvs.Timeouts) error {
	k.lock()
	defer k.mu.Unlock()
	if err := k.write("set timeouts"); err != nil {
		return err
	}
	k.Limits = t
	return nil
}

// NewDaemon starts a synchronisation daemon.
func (k *Kernel) NewDaemon(_ context.Context, d ipvs.Daemon) error {
	k.lock()
	defer k.mu.Unlock()
	if err := k.write("start %s", d.Role); err != nil {
		return err
	}
	k.Syncd = append(k.Syncd, d)
	return nil
}
