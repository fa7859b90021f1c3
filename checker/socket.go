package checker

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/lvsdns/lvsdns/checker/fault"
)

// From says where questions leave this host. The zero value leaves all of it
// to the routing table.
type From struct {
	Source    netip.Addr // local address
	Interface string     // SO_BINDTODEVICE
	Mark      uint32     // SO_MARK, for policy routing; 0: none
}

// listenUDP opens a socket that is not connected: a connected one would never
// show an answer from the wrong address, and that is a failure with a name.
func (f From) listenUDP(ctx context.Context, server netip.AddrPort) (*net.UDPConn, error) {
	if err := f.zone(server.Addr()); err != nil {
		return nil, err
	}
	lc := net.ListenConfig{Control: f.control(true)}
	network, local := "udp4", "0.0.0.0"
	if server.Addr().Is6() {
		network, local = "udp6", "::"
	}
	if f.Source.IsValid() {
		local = f.Source.String()
	}
	conn, err := lc.ListenPacket(ctx, network, net.JoinHostPort(local, "0"))
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

// dialTCP connects to the server. The context's deadline bounds it.
func (f From) dialTCP(ctx context.Context, server netip.AddrPort) (net.Conn, error) {
	if err := f.zone(server.Addr()); err != nil {
		return nil, err
	}
	d := net.Dialer{Control: f.control(false), KeepAlive: -1}
	if f.Source.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(f.Source, 0))
	}
	return fault.Dial(ctx, d, "tcp", server.String())
}

// zone refuses a server's zone that names no interface: package net would ask
// through any.
func (f From) zone(server netip.Addr) error {
	if server.Zone() == "" {
		return nil
	}
	if err := f.CheckZone(server); err != nil {
		return &Failure{Local, err.Error()}
	}
	return nil
}

// control sets the options that must stand before bind and connect.
func (f From) control(udp bool) func(network, address string, raw syscall.RawConn) error {
	return func(network, _ string, raw syscall.RawConn) error {
		var err error
		if ctlErr := raw.Control(func(fd uintptr) { err = f.setOptions(int(fd), network, udp) }); ctlErr != nil {
			return ctlErr
		}
		return err
	}
}

func (f From) setOptions(fd int, network string, udp bool) error {
	if f.Interface != "" {
		if err := syscall.BindToDevice(fd, f.Interface); err != nil {
			return &Failure{Local, fmt.Sprintf("interface %s: %v", f.Interface, err)}
		}
	}
	if f.Mark != 0 {
		if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_MARK, int(f.Mark)); err != nil {
			return &Failure{Local, fmt.Sprintf("mark %d: %v (it needs CAP_NET_ADMIN)", f.Mark, err)}
		}
	}
	if udp { // for TCP, fault.Dial sees to it
		return fault.Report(fd, network == "udp6")
	}
	return nil
}
