package ipvs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// The functions of this file append to the attributes of a request. What the kernel would refuse with nothing
// but "invalid argument", or take for something else, they refuse.

// key appends attrService with what identifies a service.
func (b *builder) key(k ServiceKey) error {
	start := b.nest(attrService)
	defer b.end(start)
	return b.serviceKey(k)
}

func (b *builder) serviceKey(k ServiceKey) error {
	switch {
	case k.Family != IPv4 && k.Family != IPv6:
		return errors.New("service has no address family")
	case k.FWMark == 0 && familyOf(k.Addr) != k.Family:
		return fmt.Errorf("address %s is no %s address", k.Addr, k.Family)
	}
	b.uint16(svcFamily, uint16(k.Family))
	if k.FWMark != 0 {
		b.uint32(svcFWMark, k.FWMark)
		return nil
	}
	b.uint16(svcProtocol, uint16(k.Protocol))
	b.union(svcAddr, k.Addr)
	b.port(svcPort, k.Port)
	return nil
}

// service appends attrService with all that cmdNewService and cmdSetService want. Even a service
// without persistence must give flags, timeout and netmask (ip_vs_genl_parse_service).
func (b *builder) service(s Service) error {
	start := b.nest(attrService)
	defer b.end(start)
	if err := b.serviceKey(s.ServiceKey); err != nil {
		return err
	}
	timeout, err := wholeSeconds("persistence timeout", s.Timeout)
	if err != nil {
		return err
	}
	if s.Netmask.family != 0 && s.Netmask.family != s.Family {
		return fmt.Errorf("netmask %s is no %s netmask", s.Netmask, s.Family)
	}
	scheduler := s.Scheduler
	if scheduler == "" {
		scheduler = noScheduler
	}
	b.text(svcScheduler, scheduler)
	var flags [8]byte // struct ip_vs_flags
	binary.NativeEndian.PutUint32(flags[:], uint32(s.Flags.Settings()))
	binary.NativeEndian.PutUint32(flags[4:], math.MaxUint32)
	b.attr(svcFlags, flags[:]...)
	b.uint32(svcTimeout, timeout)
	b.netmask(s.Family, s.Netmask)
	if s.PEName != "" { // leaving it out takes the engine away
		b.text(svcPEName, s.PEName)
	}
	return nil
}

// netmask is the opposite of wireNetmask.
func (b *builder) netmask(f Family, m Netmask) {
	value := m.value
	if m == (Netmask{}) {
		value = everyClient(f)
	}
	if f == IPv4 {
		b.attr(svcNetmask, byte(value>>24), byte(value>>16), byte(value>>8), byte(value))
		return
	}
	b.uint32(svcNetmask, value)
}

// destinationKey appends attrDest with what identifies a destination.
func (b *builder) destinationKey(k DestinationKey) error {
	return b.destinationWith(k, nil)
}

// destination appends attrDest with all that cmdNewDest and cmdSetDest want.
func (b *builder) destination(d Destination) error {
	return b.destinationWith(d.DestinationKey, func() {
		b.uint32(destForward, uint32(d.Forward))
		b.uint32(destWeight, d.Weight)
		b.uint32(destUpper, d.UpperThreshold)
		b.uint32(destLower, d.LowerThreshold)
		if d.Tunnel != (Tunnel{}) { // the kernel takes their absence for IPIP
			b.uint8(destTunType, uint8(d.Tunnel.Type))
			b.port(destTunPort, d.Tunnel.Port)
			b.uint16(destTunFlags, uint16(d.Tunnel.Flags))
		}
	})
}

func (b *builder) destinationWith(k DestinationKey, more func()) error {
	if !k.Addr.IsValid() {
		return errors.New("destination has no address")
	}
	start := b.nest(attrDest)
	defer b.end(start)
	b.union(destAddr, k.Addr)
	b.port(destPort, k.Port)
	b.uint16(destFamily, uint16(k.Family()))
	if more != nil {
		more()
	}
	return nil
}

// daemon appends attrDaemon. What is zero is left to the kernel.
func (b *builder) daemon(d Daemon) {
	start := b.nest(attrDaemon)
	defer b.end(start)
	b.uint32(daemonRole, uint32(d.Role))
	b.text(daemonInterface, d.Interface)
	b.uint32(daemonSyncID, d.SyncID)
	if d.MaxLength != 0 {
		b.uint16(daemonMaxLength, d.MaxLength)
	}
	switch familyOf(d.Group) {
	case IPv4:
		b.attr(daemonGroup, d.Group.AsSlice()...)
	case IPv6:
		b.attr(daemonGroup6, d.Group.AsSlice()...)
	}
	if d.Port != 0 {
		b.uint16(daemonPort, d.Port)
	}
	if d.TTL != 0 {
		b.uint8(daemonTTL, d.TTL)
	}
}

// timeouts appends the timeouts that are not zero.
func (b *builder) timeouts(t Timeouts) error {
	for _, field := range []struct {
		kind uint16
		name string
		d    time.Duration
	}{
		{attrTimeoutTCP, "TCP timeout", t.TCP},
		{attrTimeoutTCPFin, "TCP FIN timeout", t.TCPFin},
		{attrTimeoutUDP, "UDP timeout", t.UDP},
	} {
		n, err := wholeSeconds(field.name, field.d)
		if err != nil {
			return err
		}
		if n != 0 {
			b.uint32(field.kind, n)
		}
	}
	return nil
}

// wholeSeconds is a time as the kernel takes it.
func wholeSeconds(name string, d time.Duration) (uint32, error) {
	if d < 0 || d%time.Second != 0 || d/time.Second > math.MaxInt32 {
		return 0, fmt.Errorf("%s %v is not a number of whole seconds below 2^31", name, d)
	}
	return uint32(d / time.Second), nil
}
