package fallback

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// announce writes a line for an event to the FIFOs of the configuration, as keepalived does: without waiting, and into the void where nobody
// reads. keepalived makes the FIFOs and starts their scripts; here those count that are there.
func announce(c *keepalived.Config, e health.Event) error {
	var failed []error
	for _, fifo := range []keepalived.Value[keepalived.FIFO]{c.Global.NotifyFIFO, c.Global.LVSFIFO} {
		if fifo.V.Path == "" {
			continue
		}
		if err := put(fifo.V.Path, fifoLine(c, e)); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", fifo.Pos, err))
		}
	}
	return errors.Join(failed...)
}

// put works on the descriptor itself: [os.File.Write] would wait for room.
func put(path, line string) error {
	fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if errors.Is(err, syscall.ENXIO) {
		return nil // nobody reads
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer syscall.Close(fd)
	var is syscall.Stat_t
	if err := syscall.Fstat(fd, &is); err != nil || is.Mode&syscall.S_IFMT != syscall.S_IFIFO {
		return fmt.Errorf("%s is no FIFO", path)
	}
	if _, err := syscall.Write(fd, []byte(line)); err != nil {
		return fmt.Errorf("write to %s: %w", path, err)
	}
	return nil
}

// fifoLine is as notify_fifo_vs and notify_fifo_rs in ipwrapper.c have it.
func fifoLine(c *keepalived.Config, e health.Event) string {
	state := "DOWN"
	if e.Kind == health.ServerUp || e.Kind == health.QuorumUp {
		state = "UP"
	}
	vs := fifoVirtual(c, e.Virtual)
	if e.Server == nil {
		return fmt.Sprintf("VS %s %s\n", vs, state)
	}
	return fmt.Sprintf("RS %s %s %s\n", trio(e.Server.Addr, e.Virtual.Protocol.V, e.Server.Port), vs, state)
}

// fifoVirtual is format_vs in check_data.c. The number after a group says which of its virtual servers it is, from 0.
func fifoVirtual(c *keepalived.Config, v *keepalived.VirtualServer) string {
	switch {
	case v.Group != "":
		n := 0
		for i := range c.VirtualServers {
			if o := &c.VirtualServers[i]; o == v {
				break
			} else if o.Group == v.Group {
				n++
			}
		}
		return fmt.Sprintf("[%s]:%d", v.Group, n)
	case v.IsFWMark():
		return fmt.Sprintf("FWM %d", v.FWMark)
	}
	return trio(v.Addr, v.Protocol.V, v.Port)
}

func trio(addr netip.Addr, protocol keepalived.Protocol, port uint16) string {
	name := strings.ToLower(string(protocol))
	if name == "" {
		name = "none"
	}
	return fmt.Sprintf("[%s]:%s:%d", addr, name, port)
}
