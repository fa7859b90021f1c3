package act

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// Announce tells the neighbours again which Ethernet address has the addresses: a switch or a router that missed
// keepalived's own announcement keeps sending to the other host for as long as it remembers.
type Announce struct {
	Delay, Interval time.Duration
	Count           int
	Held            func() ([]notify.Held, error)
	// Send puts a frame on a wire; nil: this host's. A test looks at it.
	Send func(*net.Interface, []byte) error
}

// Do implements Action. It announces what this host holds at that moment, each time.
func (a Announce) Do(ctx context.Context, c Call) (string, error) {
	send := a.Send
	if send == nil {
		send = sendFrame
	}
	hosts := c.hosts()
	if len(hosts) == 0 {
		return "", fmt.Errorf("keepalived.conf has no addresses for %s: nothing to announce", c.Subject)
	}
	sent := 0
	var errs []error
	for n := range a.Count {
		pause := a.Interval
		if n == 0 {
			pause = a.Delay
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%d announcements sent: %w", sent, context.Cause(ctx))
		case <-time.After(pause):
		}
		held, err := a.Held()
		if err != nil {
			return "", err
		}
		errs = errs[:0]
		for _, h := range held {
			if h.Interface == "lo" || !contains(hosts, h.Addr) {
				continue
			}
			if err := announce(h, send); err != nil {
				errs = append(errs, fmt.Errorf("announce %s on %s: %w", h.Addr, h.Interface, err))
				continue
			}
			sent++
		}
		if sent == 0 && len(errs) == 0 {
			return "this host holds none of the addresses any more", nil
		}
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d announcements sent", sent), nil
}

func contains(all []netip.Addr, a netip.Addr) bool {
	for _, x := range all {
		if x == a {
			return true
		}
	}
	return false
}

func announce(h notify.Held, send func(*net.Interface, []byte) error) error {
	i, err := net.InterfaceByName(h.Interface)
	if err != nil {
		return err
	}
	if len(i.HardwareAddr) != 6 {
		return nil // No Ethernet, no neighbours to tell.
	}
	mac := [6]byte(i.HardwareAddr)
	if h.Addr.Is4() {
		// As request and as reply: some take the one, some the other (RFC 5227, 3; arping(8) -A and -U).
		return errors.Join(send(i, gratuitousARP(mac, h.Addr, 1)), send(i, gratuitousARP(mac, h.Addr, 2)))
	}
	return send(i, neighbourAdvertisement(mac, h.Addr))
}

// gratuitousARP is RFC 826 in Ethernet to everybody: sender and target are both the address.
func gratuitousARP(mac [6]byte, addr netip.Addr, operation uint16) []byte {
	const etherARP, hardwareEthernet, protocolIPv4 = 0x0806, 1, 0x0800
	b := ethernet([6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, mac, etherARP)
	b = binary.BigEndian.AppendUint16(b, hardwareEthernet)
	b = binary.BigEndian.AppendUint16(b, protocolIPv4)
	b = append(b, 6, 4)
	b = binary.BigEndian.AppendUint16(b, operation)
	ip := addr.As4()
	b = append(append(b, mac[:]...), ip[:]...)
	target := [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	if operation == 2 {
		target = mac
	}
	return append(append(b, target[:]...), ip[:]...)
}

// neighbourAdvertisement is RFC 4861, 4.4, unsolicited, with the override flag, to all nodes (7.2.6).
func neighbourAdvertisement(mac [6]byte, addr netip.Addr) []byte {
	const etherIPv6, icmp6, hopLimit, advertisement, override, targetLinkLayer = 0x86dd, 58, 255, 136, 0x20, 2
	all := netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 15: 1})
	target := addr.As16()
	message := append([]byte{advertisement, 0, 0, 0, override, 0, 0, 0}, target[:]...)
	message = append(append(message, targetLinkLayer, 1), mac[:]...)
	binary.BigEndian.PutUint16(message[2:], checksum6(addr, all, icmp6, message))

	b := ethernet([6]byte{0x33, 0x33, 0, 0, 0, 1}, mac, etherIPv6)
	b = append(b, 0x60, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(message)))
	b = append(b, icmp6, hopLimit)
	to := all.As16()
	b = append(append(b, target[:]...), to[:]...)
	return append(b, message...)
}

func ethernet(to, from [6]byte, kind uint16) []byte {
	b := append(append(make([]byte, 0, 128), to[:]...), from[:]...)
	return binary.BigEndian.AppendUint16(b, kind)
}

// checksum6 is RFC 8200, 8.1, over a message whose own checksum is zero.
func checksum6(from, to netip.Addr, next uint8, message []byte) uint16 {
	f, t := from.As16(), to.As16()
	sum := uint32(len(message)) + uint32(next)
	for _, part := range [][]byte{f[:], t[:], message} {
		for i := 0; i+1 < len(part); i += 2 {
			sum += uint32(binary.BigEndian.Uint16(part[i:]))
		}
		if len(part)%2 == 1 {
			sum += uint32(part[len(part)-1]) << 8
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
