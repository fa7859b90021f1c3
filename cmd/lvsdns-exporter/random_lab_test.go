//go:build lab

package main_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func randomAddr(r *rand.Rand, six bool) string {
	if six {
		return fmt.Sprintf("[2001:db8:%x:%x::%x]", r.IntN(65535)+1, r.IntN(65535)+1, r.IntN(65535)+1)
	}
	return fmt.Sprintf("10.%d.%d.%d", 1+r.IntN(254), r.IntN(256), 1+r.IntN(254))
}

// randomRules invents a table as ipvsadm -R reads it: every family, protocol and forwarding method, marks of both
// families with the same number, persistence, one-packet scheduling, thresholds, tunnels, weight 0.
func randomRules(seed uint64, services, servers int) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	type service struct {
		key  string
		six  bool
		port int
	}
	var all []service
	var rules []string
	used := map[string]bool{}
	for len(all) < services {
		six := r.IntN(2) == 0
		s := service{six: six, port: 1 + r.IntN(65535)}
		udp := false
		switch kind := r.IntN(8); {
		case kind == 0:
			s.key = fmt.Sprintf("-f %d", 1+len(all)/2) // often the same number in both families
			if six {
				s.key += " -6"
			}
		default:
			flag := pick(r, "-t", "-u", "-u", "--sctp-service")
			udp = flag == "-u"
			s.key = fmt.Sprintf("%s %s:%d", flag, randomAddr(r, six), s.port)
		}
		if used[s.key] {
			continue
		}
		used[s.key] = true
		all = append(all, s)
		rule := "-A " + s.key + " -s " + pick(r, "rr", "wrr", "lc", "wlc", "sed", "nq", "fo", "ovf", "sh -b sh-port", "mh -b mh-fallback,mh-port", "wrr -b flag-3", "dh", "lblc")
		switch r.IntN(4) {
		case 0:
			rule += fmt.Sprintf(" -p %d", 1+r.IntN(10000))
			if r.IntN(2) == 0 {
				rule += map[bool]string{true: " -M 64", false: " -M 255.255.255.0"}[six]
			}
			if udp && r.IntN(2) == 0 {
				rule += " --pe sip"
			}
		case 1:
			if udp {
				rule += " -o"
			}
		}
		rules = append(rules, rule)
	}
	for n := 0; n < servers; {
		s := all[r.IntN(len(all))]
		method := pick(r, "-g", "-m", "-i --tun-type ipip", "-i --tun-type gue --tun-port 6080 --tun-csum", "-i --tun-type gre --tun-nocsum")
		six := s.six
		if strings.HasPrefix(method, "-i") {
			six = r.IntN(2) == 0
		}
		addr := randomAddr(r, six)
		if used[s.key+addr] {
			continue
		}
		used[s.key+addr] = true
		n++
		upper := pick(r, 0, 0, 1+r.IntN(1<<30))
		rules = append(rules, fmt.Sprintf("-a %s -r %s:%d %s -w %d -x %d -y %d", s.key, addr, s.port, method, pick(r, 0, 1, 100, r.IntN(1<<31)), upper, pick(r, 0, upper/2)))
	}
	return rules
}

// rulesOf writes what the page says of all settings the way ipvsadm -Sn does.
func rulesOf(p page) []string {
	key := func(s series) string {
		l := s.labels
		switch l["proto"] {
		case "fwm":
			if l["family"] == "ipv6" {
				return "-f " + l["fwmark"] + " -6"
			}
			return "-f " + l["fwmark"]
		case "sctp":
			return "--sctp-service " + at(l["vip"], l["vport"])
		default:
			return "-" + l["proto"][:1] + " " + at(l["vip"], l["vport"])
		}
	}
	timeouts := map[string]float64{}
	for _, s := range p["lvsdns_ipvs_virtual_server_persistence_timeout_seconds"] {
		timeouts[s.service()] = s.value
	}
	weights := map[string]float64{}
	for _, s := range p["lvsdns_ipvs_real_server_weight"] {
		weights[s.server()] = s.value
	}
	var rules []string
	for _, s := range p["lvsdns_ipvs_virtual_server_info"] {
		l := s.labels
		rule := "-A " + key(s) + " -s " + l["scheduler"]
		if t, ok := timeouts[s.service()]; ok {
			rule += fmt.Sprintf(" -p %g", t)
		}
		if l["netmask"] != "" {
			rule += " -M " + l["netmask"]
		}
		if l["persistence_engine"] != "" {
			rule += " --pe " + l["persistence_engine"]
		}
		var own []string
		for _, f := range strings.Split(l["flags"], ",") {
			switch f {
			case "", "persistent":
			case "ops":
				rule += " -o"
			default:
				own = append(own, f)
			}
		}
		if len(own) > 0 {
			rule += " -b " + strings.Join(own, ",")
		}
		rules = append(rules, rule)
	}
	for _, s := range p["lvsdns_ipvs_real_server_info"] {
		l := s.labels
		rule := fmt.Sprintf("-a %s -r %s %s -w %.0f", key(s), at(l["rip"], l["rport"]), map[string]string{"dr": "-g", "masq": "-m", "tun": "-i"}[l["forward_method"]], weights[s.server()])
		if l["tunnel_type"] != "" {
			rule += " --tun-type " + l["tunnel_type"]
			if l["tunnel_port"] != "" {
				rule += " --tun-port " + l["tunnel_port"]
			}
			if l["tunnel_type"] != "ipip" {
				rule += " --tun-" + map[string]string{"": "nocsum", "csum": "csum", "remcsum": "remcsum"}[l["tunnel_flags"]]
			}
		}
		rules = append(rules, rule)
	}
	return rules
}
