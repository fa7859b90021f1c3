package keepalived

import "strings"

// instanceKeywords are those of a vrrp_instance.
func instanceKeywords() []keyword {
	of := func(field func(*Instance) *[]Statement) func(*parser) *[]Statement {
		return func(p *parser) *[]Statement {
			if p.instance == nil {
				return nil
			}
			return field(p.instance)
		}
	}
	more := of(func(i *Instance) *[]Statement { return &i.Other })
	track := of(func(i *Instance) *[]Statement { return &i.Track })
	keywords := []keyword{
		{name: "state", handle: setState},
		{name: "interface", handle: func(p *parser, words []string) {
			if w, ok := p.word(words, 1); ok && p.instance != nil {
				p.instance.Interface = at(p, w)
			}
		}},
		integer("virtual_router_id", 1, 255, false, instanceField(func(i *Instance) *Value[uint8] { return &i.VRID })),
		{name: "priority", handle: setPriority},
		integer("version", 2, 3, true, instanceField(func(i *Instance) *Value[int] { return &i.Version })),
		flag("nopreempt", instanceField(func(i *Instance) *Value[bool] { return &i.NoPreempt })),
		vips("virtual_ipaddress", func(i *Instance) *[]VIP { return &i.VIPs }),
		vips("virtual_ipaddress_excluded", func(i *Instance) *[]VIP { return &i.Excluded }),
		nested("authentication", more, "auth_type auth_pass"),
		from("2.4.0", nested("auth_hmac", more, "key active_key time_window anti_replay mode")),
		lines("unicast_peer", more),
		lines("virtual_routes", more),
		lines("virtual_rules", more),
	}
	for _, name := range []string{"track_interface", "track_script", "track_file", "track_process", "track_bfd"} {
		keywords = append(keywords, lines(name, track))
	}
	keywords = append(keywords, notifyKeywords(func(p *parser) *[]Notify {
		if p.instance == nil {
			return nil
		}
		return &p.instance.Notify
	}, true)...)
	return append(keywords, others(more, instanceNames)...)
}

// instanceNames are the statements of a vrrp_instance that are kept as they
// stand, up to keepalived 2.4.
const instanceNames = `
	use_vmac use_vmac_addr vmac_xmit_base use_ipvlan unicast_fault_no_peer check_unicast_src old_unicast_checksum
	native_ipv6 vrf dont_track_primary mcast_src_ip unicast_src_ip mcast_dst_ip track_src_ip unicast_ttl advert_int
	no_virtual_ipaddress@2.2.8 promote_secondaries v3_checksum_as_v2@2.2.8 linkbeat_use_polling accept no_accept skip_check_adv_addr
	strict_mode preempt preempt_delay debug smtp_alert notify_priority_changes lvs_sync_daemon_interface
	garp_master_delay garp_master_refresh garp_master_repeat garp_master_refresh_repeat garp_lower_prio_delay
	garp_lower_prio_repeat down_timer_adverts timer_expired_backup@2.2.8 thread_timer_expired@2.3.2 garp_extra_if vmac_garp_intvl
	lower_prio_no_advert higher_prio_send_advert owner_ignore_adverts@2.3.2 kernel_rx_buf_size`

func instanceField[T any](field func(*Instance) *Value[T]) func(*parser) *Value[T] {
	return func(p *parser) *Value[T] {
		if p.instance == nil {
			return nil
		}
		return field(p.instance)
	}
}

// defaultPriority is VRRP_PRIO_DFL in vrrp.h.
const defaultPriority = 100

// setPriority reads a priority. One that is wrong does not leave an earlier one as it was.
func setPriority(p *parser, words []string) {
	w, ok := p.word(words, 1)
	if !ok || p.instance == nil {
		return
	}
	n := readUnsigned(w, 1, 255, false)
	if !n.ok {
		p.note(Adjusted, "priority: %s: keepalived takes %d", n.complaint, defaultPriority)
		n.v = defaultPriority
	}
	p.instance.Priority = at(p, uint8(n.v))
}

func setState(p *parser, words []string) {
	w, ok := p.word(words, 1)
	if !ok || p.instance == nil {
		return
	}
	s := &p.instance.State
	switch {
	case w != "MASTER" && w != "BACKUP":
		p.note(Adjusted, "state: %s is neither MASTER nor BACKUP: keepalived takes BACKUP", quote(w))
		*s = at(p, "BACKUP")
	case s.V == "MASTER" && w == "BACKUP":
		p.note(Ignored, "state is already MASTER")
	default:
		*s = at(p, w)
	}
}

// vips is a block of addresses, which must all have the family of the first.
func vips(name string, list func(*Instance) *[]VIP) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		p.values(words, func(words []string) {
			v, ok := p.vip(words)
			if !ok || p.instance == nil {
				return
			}
			l := list(p.instance)
			// Excluded addresses may be of both families.
			if all := p.instance.VIPs; name == "virtual_ipaddress" && len(all) > 0 && all[0].Prefix.Addr().Is4() != v.Prefix.Addr().Is4() {
				p.lose(
					strings.Join(words, " "),
					"write it in virtual_ipaddress_excluded, or in a vrrp_instance of its family",
					"%s is not of the family of the first address", v.Prefix.Addr(),
				)
				return
			}
			*l = append(*l, v)
		})
	}}
}
