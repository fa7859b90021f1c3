package guest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// A Link is an Ethernet between a guest, where it is eth0, and a network
// namespace on the host, where programs can be started that talk to the guest. Nothing
// else of the host's network is touched, and all of it goes with this process. A
// Link serves one guest.
type Link struct {
	addr  netip.Prefix
	ns    *os.File
	inner *os.File // the guest's namespace, if it has the host's kernel
}

// guestDevice is the guest's end of a link.
const guestDevice = "eth0"

// NewLink makes the host's side, with an address on the Ethernet to come.
func NewLink(addr netip.Prefix) (*Link, error) {
	ns, err := netns.New()
	if err != nil {
		return nil, err
	}
	l := &Link{addr: addr, ns: ns}
	if err := l.ip(nil, "link set lo up"); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Close gives the namespaces up; each goes with the last process in it.
func (l *Link) Close() error {
	if l.inner != nil {
		l.inner.Close()
	}
	return l.ns.Close()
}

// Start starts a program on the host's side. The calling goroutine's thread is
// the one that prctl(2) means by the parent.
func (l *Link) Start(cmd *exec.Cmd) error { return netns.Do(l.ns, cmd.Start) }

// Dial connects from the host's side to a literal address.
func (l *Link) Dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = netns.Do(l.ns, func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// tap makes a device that a guest kernel can open. It starts in the namespace.
func (l *Link) tap() (device string, err error) {
	const tap = "tap0"
	return tap, l.ip(nil, "tuntap add dev "+tap+" mode tap", "address add "+l.addr.String()+" dev "+tap, "link set "+tap+" up")
}

// veth makes a namespace for a guest that has the host's kernel, and a device in it.
func (l *Link) veth() (err error) {
	if l.inner, err = netns.New(); err != nil {
		return err
	}
	// File 3 of ip(8) is the namespace.
	return l.ip(l.inner, "link add veth0 type veth peer name "+guestDevice, "link set "+guestDevice+" netns /proc/self/fd/3",
		"address add "+l.addr.String()+" dev veth0", "link set veth0 up")
}

func (l *Link) ip(file *os.File, lines ...string) error {
	var out strings.Builder
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	cmd.Stdout, cmd.Stderr = &out, &out
	if file != nil {
		cmd.ExtraFiles = []*os.File{file}
	}
	err := l.Start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return fmt.Errorf("make the network of the guest: %w: %s", err, strings.TrimSpace(out.String()))
	}
	return nil
}
