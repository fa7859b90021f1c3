package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"github.com/lvsdns/lvsdns/checker/fault"
	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// localError wraps what went wrong on this host before a packet could leave it.
type localError struct{ error }

func (e localError) Unwrap() error { return e.error }

// dial connects as a checker's connection options say: from where, through which interface, with which mark.
func dial(ctx context.Context, network string, c *keepalived.Connect) (net.Conn, error) {
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error { return options(raw, c) }}
	if c.BindAddr.V.IsValid() || c.BindPort.V != 0 {
		from := netip.AddrPortFrom(c.BindAddr.V, c.BindPort.V)
		if !from.Addr().IsValid() {
			from = netip.AddrPortFrom(unspecified(c.Addr.V), c.BindPort.V)
		}
		d.LocalAddr = net.TCPAddrFromAddrPort(from)
		if network == "udp" {
			d.LocalAddr = net.UDPAddrFromAddrPort(from)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout.V)
	defer cancel()
	return fault.Dial(ctx, d, network, netip.AddrPortFrom(c.Addr.V, c.Port.V).String())
}

func unspecified(like netip.Addr) netip.Addr {
	if like.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// options sets what Go has no word for, before the socket is bound.
func options(raw syscall.RawConn, c *keepalived.Connect) error {
	var err error
	controlErr := raw.Control(func(fd uintptr) {
		if c.FWMark.V != 0 {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_MARK, int(c.FWMark.V))
		}
		if err == nil && c.Interface.V != "" {
			err = syscall.BindToDevice(int(fd), c.Interface.V)
		}
	})
	if err = errors.Join(controlErr, err); err != nil {
		return localError{err}
	}
	return nil
}

// failed is the result of an error on the way to the real server.
func failed(what string, err error) health.Result {
	var local localError
	if fault.Local(err) || errors.As(err, &local) {
		return unknown("%s: %v", what, err)
	}
	return fail("%s: %v", what, err)
}
