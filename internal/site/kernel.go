package site

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Kernel is the IPVS of a network namespace.
type Kernel struct {
	*ipvs.Client
	ns *os.File // nil: that of this process
}

// Close ends the connection with the kernel.
func (k *Kernel) Close() error {
	err := k.Client.Close()
	if k.ns != nil {
		err = errors.Join(err, k.ns.Close())
	}
	return err
}

// Elsewhere is the network namespace that keepalived programs, as the file that stands for it; empty: that of this process.
func (k Keepalived) Elsewhere(c *keepalived.Config) string {
	file := c.Global.IPVSNamespace()
	if k.NetNS != "" {
		file = keepalived.NamespaceFile(k.NetNS)
	}
	if k.abroad() || file == "" {
		return file
	}
	there, err := os.Stat(file)
	here, hereErr := os.Stat("/proc/thread-self/ns/net")
	if err == nil && hereErr == nil && os.SameFile(there, here) {
		return ""
	}
	return file
}

// Kernel opens the IPVS that keepalived programs.
func (k Keepalived) Kernel(c *keepalived.Config) (*Kernel, error) {
	config := ipvs.Config{Proc: k.Below("proc")}
	var ns *os.File
	if file := k.Elsewhere(c); file != "" {
		var err error
		if ns, err = os.Open(file); err != nil {
			return nil, fmt.Errorf("open the network namespace of keepalived's virtual servers: %w", err)
		}
		config.NetNS = int(ns.Fd())
	}
	return &Kernel{ipvs.New(config), ns}, nil
}

// Table reads the table that keepalived programs. limited says that it is from /proc/net/ip_vs, which lacks thresholds, tunnels and the time
// of persistence. A kernel without IPVS has an empty table.
func (k Keepalived) Table(ctx context.Context, c *keepalived.Config) (t ipvs.Table, limited bool, err error) {
	if k.abroad() {
		t, limited, err = ReadTable(ctx, k.Root)
	} else {
		t, limited, err = k.table(ctx, c)
	}
	if errors.Is(err, ipvs.ErrAbsent) {
		k.say("%v: taken for an empty table", ipvs.ErrAbsent)
		err = nil
	}
	return t, limited, err
}

func (k Keepalived) table(ctx context.Context, c *keepalived.Config) (t ipvs.Table, limited bool, err error) {
	kernel, err := k.Kernel(c)
	if err != nil {
		return t, false, err
	}
	defer kernel.Close()
	t, err = kernel.Snapshot(ctx)
	if errors.Is(err, ipvs.ErrPermission) && kernel.ns == nil {
		k.say("%v: reading /proc/net/ip_vs, which lacks thresholds, tunnels and the time of persistence", ipvs.ErrPermission)
		t, _, err = ipvs.Proc(k.Below("proc")).Table()
		limited = true
	}
	return t, limited, err
}

// ReadTable reads virtual and real servers, which everybody may: of this kernel and network namespace, or from the files below root.
// limited is described at [Keepalived.Table].
func ReadTable(ctx context.Context, root string) (t ipvs.Table, limited bool, err error) {
	k := Keepalived{Root: root}
	if !k.abroad() {
		return k.table(ctx, &keepalived.Config{})
	}
	t, _, err = ipvs.Proc(k.Below("proc")).Table()
	return t, true, err
}
