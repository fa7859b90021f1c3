package vrrp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// interfaces are those on which keepalived may have put an address: one, or the names that one of its own making may have. The rule
// is in vrrp_complete_instance (keepalived/vrrp/vrrp.c, from "Check sanity regarding use_vmac" on): with use_vmac an address of the instance's family and on its
// interface is on the VMAC and nowhere else. use_vmac_addr, and use_vmac behind an address, make a VMAC for each of the other addresses. use_ipvlan moves none.
func interfaces(cfg *keepalived.Config, i keepalived.Instance, v keepalived.VIP) []string {
	own := v.Dev == "" || v.Dev == i.Interface.V
	on := cmp.Or(v.Dev, i.Interface.V)
	if on == "" {
		return nil
	}
	vmac, with := statement(i.Other, "use_vmac")
	with = with && i.Interface.V != ""
	_, each := statement(i.Other, "use_vmac_addr")
	switch same := v.Prefix.Addr().Is6() == isIPv6(i); {
	case own && with && same:
		if names := vmacNames(vmac); len(names) > 0 {
			return names
		}
		return generated(cfg, i, v, prefix(cfg, "vmac_prefix"))
	case each && (!own || !same), v.Dev != "" && slices.Contains(v.Other, "use_vmac"):
		return generated(cfg, i, v, prefix(cfg, "vmac_addr_prefix", "vmac_prefix"))
	default:
		return []string{on}
	}
}

// isIPv6 is the family of an instance: that of its first address, which the others must have too, but for those that are excluded
// (alloc_vrrp_vip in keepalived/vrrp/vrrp_data.c).
func isIPv6(i keepalived.Instance) bool {
	if _, native := statement(i.Other, "native_ipv6"); native || len(i.VIPs) == 0 {
		return native
	}
	return i.VIPs[0].Prefix.Addr().Is6()
}

// vmacNames are the names that the words behind use_vmac may give (vrrp_vmac_handler in keepalived/vrrp/vrrp_parser.c). keepalived 2.3.0 and
// later know the words netlink_notify_msg, group with a value, and name. To earlier ones these are names, where they are short enough.
func vmacNames(words []string) []string {
	var later, earlier string
	for n := 1; n < len(words); n++ {
		word := words[n]
		if strings.ContainsAny(word, ":/") || len(word) >= maxInterface { // a MAC address, or no name
			continue
		}
		earlier = cmp.Or(earlier, word)
		switch {
		case later != "", word == "name":
		case word == "group":
			n++
		default:
			later = word
		}
	}
	return slices.DeleteFunc(slices.Compact([]string{later, earlier}), func(name string) bool { return name == "" })
}

// maxInterface is IFNAMSIZ (include/uapi/linux/if.h): the longest name and the zero behind it.
const maxInterface = 16

// prefix is what the names of VMACs begin with: the first of these settings that is there.
func prefix(cfg *keepalived.Config, settings ...string) string {
	for _, name := range settings {
		if words, ok := statement(cfg.Global.Other, name); ok && len(words) > 1 {
			return words[1]
		}
	}
	return "vrrp"
}

// generated are the names from which keepalived takes the first that is free: the prefix, a dot and the VRID, then with 1, 2 … before the
// dot, of IPv6 with 6 first (create_vmac_name in keepalived/vrrp/vrrp.c). Other instances may have the VRID, of the other family or on
// another interface; one name more is for something else that has one of these.
func generated(cfg *keepalived.Config, i keepalived.Instance, v keepalived.VIP, prefix string) []string {
	numbers := []string{""}
	if v.Prefix.Addr().Is6() {
		numbers = append(numbers, "6")
	}
	for n := range vmacs(cfg, i.VRID.V) {
		numbers = append(numbers, strconv.Itoa(n+1))
	}
	var all []string
	for _, n := range numbers {
		end := n + "." + strconv.Itoa(int(i.VRID.V))
		all = append(all, prefix[:min(len(prefix), maxInterface-1-len(end))]+end)
	}
	return all
}

// vmacs is how many VMACs there may be with a VRID: one for each family on each interface (if_get_by_vmac in keepalived/vrrp/vrrp_if.c).
func vmacs(cfg *keepalived.Config, vrid uint8) int {
	type base struct {
		dev  string
		ipv6 bool
	}
	all := map[base]bool{}
	for _, i := range cfg.Instances {
		if i.VRID.V != vrid {
			continue
		}
		all[base{i.Interface.V, isIPv6(i)}] = true
		for _, v := range slices.Concat(i.VIPs, i.Excluded) {
			all[base{cmp.Or(v.Dev, i.Interface.V), v.Prefix.Addr().Is6()}] = true
		}
	}
	return len(all)
}

// statement finds a keyword that is kept as it stands. Of several, keepalived goes by the first that names something.
func statement(all []keepalived.Statement, keyword string) (words []string, found bool) {
	for _, s := range all {
		if len(s.Words) > 0 && s.Words[0] == keyword {
			return s.Words, true
		}
	}
	return nil, false
}
