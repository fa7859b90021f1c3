package conntrack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// settings is where the kernel shows what concerns connection tracking, to everybody
// (Documentation/networking/nf_conntrack-sysctl.rst).
const settings = "sys/net/netfilter"

// Size is how large the table is, and may become.
type Size struct {
	Entries     int // in this network namespace
	Limit       int // of entries in each namespace; new flows are dropped above it
	Buckets     int // of the hash table, which all namespaces share
	ExpectLimit int // of expectations in each namespace
}

// Timeouts are how long the kernel remembers a UDP flow without a packet.
type Timeouts struct {
	UDP    time.Duration // nf_conntrack_udp_timeout: there was no reply yet, or no second packet
	Stream time.Duration // nf_conntrack_udp_timeout_stream: packets went both ways for more than 2 s
}

// Size reads how large the table is. It costs nothing and needs no capability.
func (c *Client) Size() (Size, error) {
	var s Size
	err := c.read(map[string]*int{
		"nf_conntrack_count": &s.Entries, "nf_conntrack_max": &s.Limit,
		"nf_conntrack_buckets": &s.Buckets, "nf_conntrack_expect_max": &s.ExpectLimit,
	})
	return s, err
}

// Timeouts reads the timeouts in force.
func (c *Client) Timeouts() (Timeouts, error) {
	var udp, stream int
	err := c.read(map[string]*int{"nf_conntrack_udp_timeout": &udp, "nf_conntrack_udp_timeout_stream": &stream})
	return Timeouts{time.Duration(udp) * time.Second, time.Duration(stream) * time.Second}, err
}

// read reads settings that are whole numbers.
func (c *Client) read(to map[string]*int) error {
	for name, n := range to {
		path := filepath.Join(c.config.Proc, settings, name)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			err = absent(c.config.Proc, err)
		}
		if err == nil {
			*n, err = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		if err != nil {
			return fmt.Errorf("conntrack: read %s: %w", path, err)
		}
	}
	return nil
}
