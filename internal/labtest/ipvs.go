package labtest

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// Table is what the kernel's IPVS table holds, in ipvsadm's order.
type Table []VirtualServer

// VirtualServer is one service of the table.
type VirtualServer struct {
	Proto       string         // "udp", "tcp", "sctp" or "fwm"
	Addr        netip.AddrPort // zero for a firewall mark
	Mark        uint32
	Scheduler   string
	Persistence int  // seconds, 0 for none
	OnePacket   bool // ops
	Flags       string
	RealServers []RealServer
}

// RealServer is one destination of a virtual server.
type RealServer struct {
	Addr   netip.AddrPort
	Method string // "DR", "TUN" or "NAT"
	Weight int
}

// IPVS reads the IPVS table of the host's namespace.
func (h *Host) IPVS() Table {
	h.lab.t.Helper()
	out, err := h.Run(h.lab.t.Context(), "ipvsadm", "-Sn")
	h.lab.must(err, "read the IPVS table")
	table, err := parseTable(out)
	h.lab.must(err, "read the IPVS table of %s", h.Name)
	return table
}

// IPVSAdm changes the IPVS table by hand, one ipvsadm rule a line, for example
// "-A -u 192.168.1.100:53 -s rr".
func (h *Host) IPVSAdm(rules ...string) {
	h.lab.t.Helper()
	_, err := h.run(h.lab.t.Context(), strings.Join(rules, "\n")+"\n", "ipvsadm", "-R")
	h.lab.must(err, "write the IPVS table")
}

// String names the virtual server as "udp 192.168.1.100:53" or "fwm 7".
func (v VirtualServer) String() string {
	if v.Proto == "fwm" {
		return fmt.Sprintf("fwm %d", v.Mark)
	}
	return v.Proto + " " + v.Addr.String()
}

// Find returns the virtual server with the name that String gives.
func (t Table) Find(name string) (VirtualServer, bool) {
	for _, v := range t {
		if v.String() == name {
			return v, true
		}
	}
	return VirtualServer{}, false
}

// Where names the virtual servers in which the real server with this address
// gets new traffic: it is there and its weight is above zero.
func (t Table) Where(rip string) []string {
	var names []string
	for _, v := range t {
		for _, r := range v.RealServers {
			if r.Addr.Addr().String() == rip && r.Weight > 0 {
				names = append(names, v.String())
			}
		}
	}
	return names
}

// parseTable reads the output of ipvsadm -Sn (ipvsadm.8, "save").
func parseTable(out string) (Table, error) {
	var table Table
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var err error
		switch words[0] {
		case "-A":
			var v VirtualServer
			v, err = parseService(words[1:])
			table = append(table, v)
		case "-a":
			if len(table) == 0 {
				return nil, fmt.Errorf("ipvsadm: destination before any service: %q", line)
			}
			var r RealServer
			r, err = parseDestination(words[1:])
			last := &table[len(table)-1]
			last.RealServers = append(last.RealServers, r)
		default:
			err = fmt.Errorf("neither -A nor -a")
		}
		if err != nil {
			return nil, fmt.Errorf("ipvsadm: line %q: %w", strings.TrimSpace(line), err)
		}
	}
	return table, nil
}

func parseService(words []string) (VirtualServer, error) {
	var v VirtualServer
	for len(words) > 0 {
		flag, value := words[0], ""
		if words = words[1:]; len(words) > 0 && (flag == "-f" || !strings.HasPrefix(words[0], "-")) {
			value, words = words[0], words[1:]
		}
		var err error
		switch flag {
		case "-t", "-u", "--sctp-service":
			v.Proto = map[string]string{"-t": "tcp", "-u": "udp", "--sctp-service": "sctp"}[flag]
			v.Addr, err = netip.ParseAddrPort(value)
		case "-f":
			// ipvsadm 1.31 prints marks from 2^31 on as negative numbers.
			var mark int64
			mark, err = strconv.ParseInt(value, 10, 64)
			if err == nil && (mark < math.MinInt32 || mark > math.MaxUint32) {
				err = fmt.Errorf("no mark has 33 bits")
			}
			v.Proto, v.Mark = "fwm", uint32(mark)
		case "-s":
			v.Scheduler = value
		case "-p":
			v.Persistence, err = strconv.Atoi(value)
		case "-o":
			v.OnePacket = true
		default:
			v.Flags = strings.TrimSpace(v.Flags + " " + strings.TrimSpace(flag+" "+value))
		}
		if err != nil {
			return v, err
		}
	}
	return v, nil
}

func parseDestination(words []string) (RealServer, error) {
	var r RealServer
	var err error
	for i, word := range words {
		switch word {
		case "-r", "-w":
			if i+1 == len(words) {
				return r, fmt.Errorf("%s without a value", word)
			}
			if word == "-w" {
				r.Weight, err = strconv.Atoi(words[i+1])
			} else {
				r.Addr, err = netip.ParseAddrPort(words[i+1])
			}
		case "-g":
			r.Method = "DR"
		case "-i":
			r.Method = "TUN"
		case "-m":
			r.Method = "NAT"
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}
