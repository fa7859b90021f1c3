package keepalived

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

func parseFlag(s string) (bool, error) {
	switch s {
	case "1", "yes", "ON", "YES":
		return true, nil
	case "0", "no", "OFF", "NO":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither yes nor no", s)
}

func parseUint32(s string) (uint32, error) {
	v, err := strconv.ParseUint(s, 10, 32)
	return uint32(v), err
}

func parseMicroseconds(s string) (time.Duration, error) {
	v, err := strconv.ParseUint(strings.TrimSuffix(s, " us"), 10, 64)
	return duration(v), err
}

// parseTime reads seconds and microseconds since 1970; 0 is never.
func parseTime(s string) (time.Time, error) {
	s, _, _ = strings.Cut(s, " ")
	seconds, fraction, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(seconds, 10, 64)
	usec, uerr := strconv.ParseInt("0"+fraction, 10, 64)
	if err = errors.Join(err, uerr); err != nil || sec == 0 && usec == 0 {
		return time.Time{}, err
	}
	return time.Unix(sec, usec*1000), nil
}

func parseEndpoint(addr, port string) (netip.Addr, uint16, error) {
	a, err := netip.ParseAddr(addr)
	n, perr := strconv.ParseUint(port, 10, 16)
	return a, uint16(n), errors.Join(err, perr)
}

// parseVSName reads [ADDR]:PROTO:PORT, FWM N and [GROUP]:N.
func parseVSName(s string) (VSName, error) {
	if mark, ok := strings.CutPrefix(s, "FWM "); ok {
		v, err := parseUint32(mark)
		return VSName{FWMark: v}, err
	}
	end := strings.LastIndexByte(s, ']')
	if !strings.HasPrefix(s, "[") || end < 0 || !strings.HasPrefix(s[end+1:], ":") {
		return VSName{}, errors.New("not a virtual server")
	}
	name, rest := s[1:end], s[end+2:]
	proto, port, ok := strings.Cut(rest, ":")
	if !ok {
		n, err := strconv.Atoi(rest)
		return VSName{Group: name, Index: n}, err
	}
	addr, n, err := parseEndpoint(name, port)
	v := VSName{Addr: addr, Port: n}
	if proto != "none" && proto != "?" {
		v.Protocol = Protocol(proto)
	}
	return v, err
}

func parseRSName(s string) (RSName, error) {
	v, err := parseVSName(s)
	if err == nil && !v.Addr.IsValid() {
		err = errors.New("not a real server")
	}
	return RSName{v.Addr, v.Port}, err
}

// Names are what the dump calls the virtual servers of the configuration, in
// their order.
func (c *Config) Names() []VSName {
	names := make([]VSName, len(c.VirtualServers))
	members := map[string]int{}
	for i, v := range c.VirtualServers {
		switch {
		case v.Group != "":
			names[i] = VSName{Group: v.Group, Index: members[v.Group]}
			members[v.Group]++
		case v.IsFWMark():
			names[i] = VSName{FWMark: v.FWMark}
		default:
			names[i] = VSName{Addr: v.Addr, Port: v.Port, Protocol: v.Protocol.V}
		}
	}
	return names
}

// parsePair reads [ADDR]:PORT, with brackets for both families.
func parsePair(s string) (netip.AddrPort, error) {
	addr, port, ok := strings.Cut(strings.TrimPrefix(s, "["), "]:")
	if !ok {
		return netip.AddrPort{}, errors.New("not an address and a port")
	}
	a, n, err := parseEndpoint(addr, port)
	return netip.AddrPortFrom(a, n), err
}
