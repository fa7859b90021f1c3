package conntrack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Config says which kernel to talk to, and how long. The zero value is right for a program on the director itself.
type Config struct {
	// Proc is where the proc file system is mounted, "/proc" if empty. Its sys/net/netfilter says whether conntrack is there:
	// to ask netlink for an absent conntrack would load its modules.
	Proc string

	// Timeout bounds each call, besides the context; 30 s if zero. To read a million entries takes seconds.
	Timeout time.Duration
}

// Client reads the connection tracking table of the network namespace that it is used in, and deletes from it what it is
// told to. It keeps nothing between calls; its methods may be called at the same time.
type Client struct {
	config Config
	dial   func() (socket, error)
	buffer int
}

// bufferSize is what one datagram may hold. The kernel fills those of a dump as far as the reader's buffer goes, softirqs off meanwhile:
// 40 entries and 100 µs at this size. No smaller one is safe everywhere: the first datagram of a dump has NLMSG_GOODSIZE
// (include/linux/netlink.h), which is near 8 KiB where pages are large. Twice as many entries cost packets more than they save here.
const bufferSize = 8 << 10

// New makes a client. It opens nothing: each method reports what it meets.
func New(config Config) *Client {
	if config.Proc == "" {
		config.Proc = "/proc"
	}
	if config.Timeout == 0 {
		config.Timeout = 30 * time.Second
	}
	return &Client{config: config, dial: dialNetlink, buffer: bufferSize}
}

// present says whether connection tracking is in the kernel, without netlink, which would load it.
func (c *Client) present() error {
	_, err := os.Stat(filepath.Join(c.config.Proc, settings, "nf_conntrack_count"))
	if errors.Is(err, fs.ErrNotExist) {
		return absent(c.config.Proc, err)
	}
	return err
}

// absent tells a kernel without connection tracking from a proc file system that is somewhere else.
func absent(proc string, err error) error {
	if _, other := os.Stat(filepath.Join(proc, "sys/net")); other != nil {
		return fmt.Errorf("is proc mounted at %s? %w", proc, other)
	}
	return fmt.Errorf("%w: %w", ErrAbsent, err)
}
