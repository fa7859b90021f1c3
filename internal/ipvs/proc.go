package ipvs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Proc reads the files below /proc/net that IPVS shows to everybody. Its value is where the
// proc file system is mounted, "" for /proc.
type Proc string

// Table reads services and destinations, sorted by key. What the file does not hold is zero: all Stats,
// timeouts, thresholds, tunnels, persistent connections and persistence engines, and the OnePacket flag
// of IPv6 services. Forward is Masq where it may be Bypass. The family of a service with a firewall mark is
// zero unless its destinations give it away.
func (p Proc) Table() (Table, Info, error) {
	var t Table
	var i Info
	err := p.read("ip_vs", func(r io.Reader) (err error) {
		t, i, err = ParseTable(r)
		return err
	})
	return t, i, err
}

// Stats reads the sum of all traffic since the module was loaded or all was zeroed, that of
// services that are gone included.
func (p Proc) Stats() (Stats, error) {
	var s Stats
	err := p.read("ip_vs_stats", func(r io.Reader) (err error) {
		s, err = ParseStats(r)
		return err
	})
	return s, err
}

// CPUStats reads the counters of each possible CPU, without rates. Zeroing does not touch them.
func (p Proc) CPUStats() ([]CPUStats, error) {
	var all []CPUStats
	err := p.read("ip_vs_stats_percpu", func(r io.Reader) (err error) {
		all, err = ParseCPUStats(r)
		return err
	})
	return all, err
}

// Connections hands every entry of the connection table to each, until each returns an error. The file is long on a
// busy director, and the kernel builds it while it is read.
func (p Proc) Connections(each func(Connection) error) error {
	return p.read("ip_vs_conn", func(r io.Reader) error { return ParseConnections(r, each) })
}

func (p Proc) read(name string, parse func(io.Reader) error) error {
	if p == "" {
		p = "/proc"
	}
	path := filepath.Join(string(p), "net", name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := present(string(p)); err != nil {
			return fmt.Errorf("ipvs: %w", err)
		}
	}
	if err != nil {
		return fmt.Errorf("ipvs: %w", err)
	}
	defer f.Close()
	if err := parse(f); err != nil {
		return fmt.Errorf("ipvs: read %s: %w", path, err)
	}
	return nil
}
