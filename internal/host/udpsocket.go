package host

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// UDPSocket is a UDP socket of this network namespace.
type UDPSocket struct {
	Local netip.AddrPort
	Inode uint64 // no two sockets of a host have the same at a time
	Drops uint64 // datagrams that it did not take, since it was made
}

// UDPSockets reads the sockets on these local ports from /proc/net/udp and udp6 below root (empty: /). Without IPv6
// there is no udp6, which is no error.
func UDPSockets(root string, ports []uint16) ([]UDPSocket, error) {
	var all []UDPSocket
	for _, name := range []string{"udp", "udp6"} {
		path := filepath.Join("/", root, "proc/net", name)
		f, err := os.Open(path)
		if name == "udp6" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read UDP sockets: %w", err)
		}
		some, err := parseUDP(f, ports)
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("read UDP sockets: %s: %w", path, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// parseUDP reads lines as net/ipv4/udp.c and net/ipv6/udp.c (udp4_seq_show, __ip6_dgram_sock_seq_show) write them: the second word is the
// local address, the tenth the inode, the last the drops. A resolver has thousands of sockets, so a line of another port costs little.
func parseUDP(from io.Reader, ports []uint16) (all []UDPSocket, err error) {
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimLeft(lines.Text(), " ")
		if n == 1 { // names of columns
			continue
		}
		_, text, _ = strings.Cut(text, ": ")
		local, _, _ := strings.Cut(text, " ")
		at := strings.IndexByte(local, ':')
		if at < 0 {
			return nil, fmt.Errorf("line %d: no local address", n)
		}
		port, err := strconv.ParseUint(local[at+1:], 16, 16)
		if err != nil {
			return nil, fmt.Errorf("line %d: port %q is no number", n, local[at+1:])
		}
		if !slices.Contains(ports, uint16(port)) {
			continue
		}
		words := strings.Fields(text)
		addr, ok := kernelAddr(local[:at])
		if !ok || len(words) < 12 {
			return nil, fmt.Errorf("line %d: want an address and 13 columns", n)
		}
		s := UDPSocket{Local: netip.AddrPortFrom(addr, uint16(port))}
		s.Inode, err = strconv.ParseUint(words[8], 10, 64)
		if err == nil {
			s.Drops, err = strconv.ParseUint(words[11], 10, 64)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: inode or drops: %w", n, err)
		}
		all = append(all, s)
	}
	return all, lines.Err()
}

// kernelAddr reads an address as the kernel prints it: words of 32 bits, each in the order of this machine.
func kernelAddr(text string) (netip.Addr, bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 4 && len(b) != 16 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, ok := netip.AddrFromSlice(b)
	return a, ok
}

// UDPDrops adds up the drops of sockets from one reading to the next, so that a socket which is closed takes
// nothing away. The zero value is ready.
type UDPDrops struct {
	last   map[uint64]UDPSocket
	totals map[netip.AddrPort]uint64
}

// Add takes a reading of all sockets, and returns what the sockets of each address have dropped so far. The caller must not change the map.
func (d *UDPDrops) Add(sockets []UDPSocket) map[netip.AddrPort]uint64 {
	now, totals := make(map[uint64]UDPSocket, len(sockets)), make(map[netip.AddrPort]uint64, len(sockets))
	for at, n := range d.totals {
		totals[at] = n
	}
	for _, s := range sockets {
		grown := s.Drops
		if was, known := d.last[s.Inode]; known && was.Local == s.Local && was.Drops <= s.Drops {
			grown -= was.Drops
		}
		totals[s.Local] += grown
		now[s.Inode] = s
	}
	d.last, d.totals = now, totals
	return totals
}
