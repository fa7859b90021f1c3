package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// path is three network namespaces in a row, as a client, a director and a server are. The director's is the one whose table is
// filled. What it forwards is handled by the first processor; client and server keep to the second, if there is one.
type path struct {
	client, director, server *os.File
	names                    []string
}

const (
	directorCPU = 0
	serverAddr  = "10.98.2.2:7"
)

// newPath makes them. Named namespaces, because ip-netns(8) knows those.
func newPath(ctx context.Context) (*path, error) {
	p := &path{}
	id := fmt.Sprintf("flowbench-%d-", os.Getpid())
	for _, to := range []struct {
		name string
		file **os.File
	}{{"client", &p.client}, {"director", &p.director}, {"server", &p.server}} {
		name := id + to.name
		if err := command(ctx, "ip", "netns", "add", name); err != nil {
			return nil, errors.Join(err, p.remove())
		}
		p.names = append(p.names, name)
		f, err := netns.Open(name)
		if err != nil {
			return nil, errors.Join(err, p.remove())
		}
		*to.file = f
	}
	for line := range strings.Lines(strings.NewReplacer("C.", p.names[0], "D.", p.names[1], "S.", p.names[2]).Replace(drawing)) {
		words := strings.Fields(line)
		if err := command(ctx, words[0], words[1:]...); err != nil {
			return nil, errors.Join(err, p.remove())
		}
	}
	// What a namespace receives is handled by the processor of a mask (Documentation/networking/scaling.rst).
	for i, name := range p.names {
		for _, device := range [][]string{{"e0"}, {"e0", "e1"}, {"e0"}}[i] {
			mask := 1 << otherCPU()
			if name == p.names[1] {
				mask = 1 << directorCPU
			}
			script := fmt.Sprintf("echo %x >/sys/class/net/%s/queues/rx-0/rps_cpus", mask, device)
			if err := command(ctx, "ip", "netns", "exec", name, "sh", "-c", script); err != nil {
				return nil, errors.Join(err, p.remove())
			}
		}
	}
	return p, nil
}

const drawing = `ip -n C. link add e0 type veth peer name e0 netns D.
ip -n S. link add e0 type veth peer name e1 netns D.
ip -n C. addr add 10.98.1.2/24 dev e0
ip -n D. addr add 10.98.1.1/24 dev e0
ip -n D. addr add 10.98.2.1/24 dev e1
ip -n S. addr add 10.98.2.2/24 dev e0
ip -n C. link set e0 up
ip -n D. link set e0 up
ip -n D. link set e1 up
ip -n D. link set lo up
ip -n S. link set e0 up
ip -n C. route add default via 10.98.1.1
ip -n S. route add default via 10.98.2.1
ip netns exec D. sysctl -qw net.ipv4.ip_forward=1`

// remove takes it all down. Devices go with their namespaces.
func (p *path) remove() error {
	var errs []error
	for _, f := range []*os.File{p.client, p.director, p.server} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	for _, name := range p.names {
		errs = append(errs, exec.Command("ip", "netns", "del", name).Run())
	}
	return errors.Join(errs...)
}

func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
