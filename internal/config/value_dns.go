package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// interfaces are those of network interfaces.
type interfaces struct{ to *[]string }

func (v interfaces) set(raw any) error {
	all, err := words(raw, "names of network interfaces")
	if err != nil {
		return err
	}
	for _, s := range all {
		if !isInterface(s) || s == "any" {
			return want("names of network interfaces such as eth0", s)
		}
	}
	if *v.to = all; len(all) == 0 {
		*v.to = nil
	}
	return nil
}

func (v interfaces) parse(words []string) error { return v.set(split(words)) }
func (v interfaces) yaml() string               { return quoted(slices.Clone(*v.to)) }

// isInterface reports whether the kernel takes a name for an interface (dev_valid_name in net/core/dev.c).
func isInterface(s string) bool {
	const longest = 15 // IFNAMSIZ without its zero
	return s != "" && len(s) <= longest && s != "." && s != ".." && !strings.ContainsAny(s, "/: \t\n\v\f\r")
}

// ports are those of transports.
type ports struct{ to *[]uint16 }

func (v ports) set(raw any) error {
	// YAML has numbers here, flags have text.
	if list, ok := raw.([]any); ok {
		texts := make([]any, len(list))
		for i, x := range list {
			texts[i] = x
			if n, ok := x.(int); ok {
				texts[i] = strconv.Itoa(n)
			}
		}
		raw = texts
	}
	if n, ok := raw.(int); ok {
		raw = strconv.Itoa(n)
	}
	list, err := words(raw, "ports")
	if err != nil {
		return err
	}
	var all []uint16
	for _, s := range list {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > math.MaxUint16 {
			return want("ports from 1 to 65535", s)
		}
		all = append(all, uint16(n))
	}
	if len(all) == 0 {
		return errors.New("want one port at least")
	}
	*v.to = all
	return nil
}

func (v ports) parse(words []string) error { return v.set(split(words)) }

func (v ports) yaml() string {
	var all []string
	for _, p := range *v.to {
		all = append(all, strconv.Itoa(int(p)))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// endpoints are addresses with ports.
type endpoints struct{ to *[]netip.AddrPort }

func (v endpoints) set(raw any) error {
	list, err := words(raw, "ADDRESS:PORT")
	if err != nil {
		return err
	}
	var all []netip.AddrPort
	for _, s := range list {
		at, err := netip.ParseAddrPort(s)
		if err != nil || at.Port() == 0 || at.Addr().Zone() != "" {
			return want("ADDRESS:PORT such as 192.0.2.1:53 or [2001:db8::1]:53", s)
		}
		all = append(all, netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
	}
	*v.to = all
	return nil
}

func (v endpoints) parse(words []string) error { return v.set(split(words)) }

func (v endpoints) yaml() string {
	var all []string
	for _, at := range *v.to {
		all = append(all, at.String())
	}
	return quoted(all)
}

// local is where programs of this host connect: the path of a socket, or a port of the loopback.
type local struct{ to *string }

func (v local) set(raw any) error {
	s, ok := raw.(string)
	if !ok || s == "" || strings.HasPrefix(s, "/") {
		return file{v.to, true}.set(raw)
	}
	at, err := netip.ParseAddrPort(s)
	switch {
	case err != nil || at.Port() == 0:
		return want("a path that begins with /, or ADDRESS:PORT such as 127.0.0.1:6000", raw)
	case !at.Addr().IsLoopback():
		return fmt.Errorf("%s is no address of the loopback: what comes there has names and addresses of clients and is not encrypted", s)
	}
	*v.to = s
	return nil
}

func (v local) parse(words []string) error { return v.set(last(words)) }
func (v local) yaml() string               { return text(v).yaml() }
