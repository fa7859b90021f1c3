package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// vip is the address that is asked: of the server's loopback, as on a real server.
const vip = "192.0.2.1"

// cable is two network namespaces and what connects them.
type cable struct{ client, server *os.File }

func newCable(ctx context.Context) (*cable, error) {
	c := &cable{}
	for _, to := range []**os.File{&c.client, &c.server} {
		ns, err := netns.New()
		if err != nil {
			c.remove()
			return nil, err
		}
		*to = ns
	}
	for line := range strings.Lines(drawing) {
		at, words := c.client, strings.Fields(line)
		if words[0] == "server" {
			at = c.server
		}
		// The one namespace moves a device into the other by its file descriptor.
		cmd := exec.CommandContext(ctx, "ip", words[1:]...)
		cmd.ExtraFiles = []*os.File{c.server}
		err := netns.Do(at, func() error {
			out, err := cmd.CombinedOutput()
			if err != nil {
				return fmt.Errorf("ip %s: %w: %s", strings.Join(words[1:], " "), err, out)
			}
			return nil
		})
		if err != nil {
			c.remove()
			return nil, err
		}
	}
	return c, nil
}

const drawing = `client link add eth0 type veth peer name peer0
client link set peer0 netns /proc/self/fd/3 name eth0
client link set lo up
server link set lo up
client link set eth0 up
server link set eth0 up
client addr add 10.0.0.1/24 dev eth0
server addr add 10.0.0.2/24 dev eth0
server addr add ` + vip + `/32 dev lo
client route add ` + vip + ` via 10.0.0.2`

// remove lets them go: the devices go with the last process in their namespace.
func (c *cable) remove() {
	for _, ns := range []*os.File{c.client, c.server} {
		if ns != nil {
			ns.Close()
		}
	}
}

// start starts a program in one of the namespaces.
func start(ns *os.File, cmd *exec.Cmd) error {
	if err := netns.Do(ns, cmd.Start); err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return nil
}
