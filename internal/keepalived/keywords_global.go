package keepalived

import (
	"strconv"
	"strings"
	"time"
)

// globalKeywords are what the parent process reads. Some stand outside global_defs.
func globalKeywords() []keyword {
	more := func(p *parser) *[]Statement { return &p.cfg.Global.Other }
	return []keyword{
		first("net_namespace", func(g *Global) *Value[string] { return &g.NetNamespace }),
		{name: "net_namespace_ipvs", handle: setIPVSNamespace},
		first("instance", func(g *Global) *Value[string] { return &g.Instance }),
		other("namespace_with_ipsets", more),
		flag("use_pid_dir", globalField(func(g *Global) *Value[bool] { return &g.UsePIDDir })),
		other("child_wait_time", more),
		other("linkbeat_use_polling", more),
		{name: "global_defs", sub: globalDefs()},
	}
}

func globalDefs() []keyword {
	more := func(p *parser) *[]Statement { return &p.cfg.Global.Other }
	flagOf := func(name string, field func(*Global) *Value[bool]) keyword { return flag(name, globalField(field)) }
	boolOf := func(name string, field func(*Global) *Value[bool]) keyword { return boolean(name, globalField(field)) }
	return append([]keyword{
		{name: "lvs_timeouts", handle: setTimeouts},
		flagOf("lvs_flush", func(g *Global) *Value[bool] { return &g.Flush }),
		{name: "lvs_flush_on_stop", handle: setFlushOnStop},
		{name: "lvs_flush_onstop", handle: setFlushOnStop},
		{name: "lvs_sync_daemon", handle: setSyncDaemon},
		{name: "nftables_ipvs", handle: setNFTables},
		{name: "nftables_ipvs_priority", handle: setNFTPriority},
		integer("nftables_ipvs_start_fwmark", 1, maxUint32, false, globalField(func(g *Global) *Value[uint32] { return &g.NFTStart })),
		{name: "script_user", handle: setScriptUser},
		flagOf("enable_script_security", func(g *Global) *Value[bool] { return &g.ScriptSecurity }),
		boolOf("checker_log_all_failures", func(g *Global) *Value[bool] { return &g.LogAllFailures }),
		flagOf("rs_init_notifies", func(g *Global) *Value[bool] { return &g.RSInitNotifies }),
		boolOf("smtp_alert", func(g *Global) *Value[bool] { return &g.SMTPAlert }),
		boolOf("smtp_alert_checker", func(g *Global) *Value[bool] { return &g.SMTPAlertChecker }),
		{name: "reload_check_config", handle: setReloadCheck},
		{name: "reload_file", handle: setReloadFile},
		from("2.3.2", text("state_dump_file", globalField(func(g *Global) *Value[string] { return &g.StateDumpFile }))),
		boolOf("data_use_instance", func(g *Global) *Value[bool] { return &g.DataUseInstance }),
		{name: "include_check", handle: setIncludeCheck},
		fifo("notify_fifo", func(g *Global) *Value[FIFO] { return &g.NotifyFIFO }),
		fifo("lvs_notify_fifo", func(g *Global) *Value[FIFO] { return &g.LVSFIFO }),
		fifo("vrrp_notify_fifo", func(g *Global) *Value[FIFO] { return &g.VRRPFIFO }),
		command("notify_fifo_script", func(p *parser) *Script { return &p.cfg.Global.NotifyFIFO.V.Script }),
		command("lvs_notify_fifo_script", func(p *parser) *Script { return &p.cfg.Global.LVSFIFO.V.Script }),
		command("vrrp_notify_fifo_script", func(p *parser) *Script { return &p.cfg.Global.VRRPFIFO.V.Script }),
		command("startup_script", func(p *parser) *Script { return &p.cfg.Global.Startup }),
		command("shutdown_script", func(p *parser) *Script { return &p.cfg.Global.Shutdown }),
		lines("notification_email", more),
	}, others(more, globalNames)...)
}

func globalField[T any](field func(*Global) *Value[T]) func(*parser) *Value[T] {
	return func(p *parser) *Value[T] { return field(&p.cfg.Global) }
}

// first is a name that only its first statement sets.
func first(name string, field func(*Global) *Value[string]) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		f := field(&p.cfg.Global)
		switch {
		case len(words) < 2:
			p.note(Ignored, "%s needs a name", name)
		case f.IsSet():
			p.note(Ignored, "%s is already %s", name, quote(f.V))
		default:
			*f = at(p, words[1])
		}
	}}
}

func setIPVSNamespace(p *parser, words []string) {
	f := &p.cfg.Global.NetNamespaceIPVS
	if f.IsSet() {
		p.note(Ignored, "net_namespace_ipvs is already %s", quote(f.V))
		return
	}
	*f = at(p, strings.Join(words[1:min(len(words), 2)], "")) // Without a name: the default namespace.
}

func setTimeouts(p *parser, words []string) {
	if len(words) < 3 {
		p.note(Ignored, "lvs_timeouts needs a protocol and a time")
		return
	}
	t := p.cfg.Global.Timeouts.V
	fields := map[string]*time.Duration{"tcp": &t.TCP, "tcpfin": &t.TCPFin, "udp": &t.UDP}
	for i := 1; i < len(words); i++ {
		f := fields[words[i]]
		switch {
		case f == nil:
			p.note(Ignored, "lvs_timeouts: keepalived knows no option %s", quote(words[i]))
		case i+1 == len(words):
			p.note(Ignored, "lvs_timeouts: %s needs a time", words[i])
		default:
			i++
			const month = 31 * 24 * 60 * 60
			if n := readUnsigned(words[i], 0, month, false); p.accept(words, n) {
				*f = time.Duration(n.v) * time.Second
			}
		}
	}
	p.cfg.Global.Timeouts = at(p, t)
}

func setFlushOnStop(p *parser, words []string) {
	switch {
	case len(words) == 1:
		p.cfg.Global.FlushOnStop = at(p, FlushAll)
	case words[1] == string(FlushServices):
		p.cfg.Global.FlushOnStop = at(p, FlushServices)
	default:
		p.note(Ignored, "%s: %s is not VS", words[0], quote(words[1]))
	}
}

func setSyncDaemon(p *parser, words []string) {
	f := &p.cfg.Global.SyncDaemon
	switch {
	case f.IsSet():
		p.note(Ignored, "lvs_sync_daemon is already on %s", f.V.Interface)
		return
	case len(words) < 2:
		p.note(Ignored, "lvs_sync_daemon needs an interface")
		return
	case len(words[1]) > 15:
		p.note(Ignored, "lvs_sync_daemon: %s is too long for an interface", quote(words[1]))
		return
	}
	s := SyncDaemon{Interface: words[1]}
	number := func(i int, least, most uint64) (uint64, bool) {
		n := readUnsigned(words[i], least, most, false)
		return n.v, p.accept(words, n)
	}
	for i := 2; i < len(words); i++ {
		w := words[i]
		known := w == "inst" || w == "id" || w == "maxlen" || w == "port" || w == "ttl" || w == "group"
		if known && i+1 == len(words) {
			p.note(Ignored, "lvs_sync_daemon: %s needs a value", w)
			continue
		}
		if known {
			i++
		}
		switch {
		case w == "inst":
			s.Instance = words[i]
		case w == "id":
			if v, ok := number(i, 0, 255); ok {
				s.ID, s.HasID = uint8(v), true
			}
		case w == "maxlen":
			if v, ok := number(i, 1, 65535-20-8); ok {
				s.MaxLen = uint16(v)
			}
		case w == "port":
			if v, ok := number(i, 1, 65535); ok {
				s.Port = uint16(v)
			}
		case w == "ttl":
			if v, ok := number(i, 1, 255); ok {
				s.TTL = uint8(v)
			}
		case w == "group":
			if a, ok := address(words[i]); ok && a.IsMulticast() {
				s.Group = a
			} else {
				p.note(Ignored, "lvs_sync_daemon: %s is not a multicast address", quote(words[i]))
			}
		case i == 2: // The old form: IF INSTANCE ID.
			s.Instance = w
		case i == 3:
			if v, ok := number(i, 0, 255); ok {
				p.note(Adjusted, "lvs_sync_daemon: write id before the number")
				s.ID, s.HasID = uint8(v), true
			}
		default:
			p.note(Ignored, "lvs_sync_daemon: keepalived knows no option %s", quote(w))
		}
	}
	*f = at(p, s)
}

func setNFTables(p *parser, words []string) {
	f := &p.cfg.Global.NFTables
	name := "keepalived_ipvs"
	if len(words) > 1 {
		name = words[1]
	}
	switch {
	case f.IsSet():
		p.note(Ignored, "nftables_ipvs is already %s", quote(f.V.Table))
	case len(name) >= 256: // NFT_TABLE_MAXNAMELEN in linux/netfilter/nf_tables.h, since Linux 4.14
		p.note(Ignored, "nftables_ipvs: the name of the table is too long")
	default:
		*f = at(p, NFTables{Table: name, Priority: -1})
		p.cfg.Global.NFTStart = Value[uint32]{V: 1000}
	}
}

func setNFTPriority(p *parser, words []string) {
	w, ok := p.word(words, 1)
	if !ok {
		return
	}
	v, err := strconv.ParseInt(w, 10, 32)
	if err != nil {
		p.note(Ignored, "nftables_ipvs_priority: %s is not a number", quote(w))
		return
	}
	p.cfg.Global.NFTables.V.Priority = int(v)
}

func setScriptUser(p *parser, words []string) {
	if len(words) < 2 {
		p.note(Ignored, "script_user needs a user")
		return
	}
	p.cfg.Global.ScriptUser, p.cfg.Global.ScriptGroup = at(p, words[1]), Value[string]{}
	if len(words) > 2 {
		p.cfg.Global.ScriptGroup = at(p, words[2])
	}
}

func setReloadCheck(p *parser, words []string) {
	p.cfg.Global.ReloadCheck = at(p, true)
	if len(words) > 1 {
		p.cfg.Global.ReloadCheckLog = at(p, words[1])
	}
}

func setReloadFile(p *parser, words []string) {
	p.cfg.Global.ReloadFile = at(p, strings.Join(words[1:min(len(words), 2)], ""))
}

func fifo(name string, field func(*Global) *Value[FIFO]) keyword {
	return keyword{name: name, handle: func(p *parser, words []string) {
		f := field(&p.cfg.Global)
		switch {
		case len(words) < 2:
			p.note(Ignored, "%s needs a path", name)
		case f.IsSet():
			p.note(Ignored, "%s is already %s", name, quote(f.V.Path))
		default:
			f.Pos, f.V.Path = p.here, words[1]
			if len(words) > 2 {
				f.V.User = words[2]
			}
			if len(words) > 3 {
				f.V.Group = words[3]
			}
		}
	}}
}

// setIncludeCheck changes which problems with the following includes are fatal.
func setIncludeCheck(p *parser, words []string) {
	all := strictness{read: true, match: true, wildcard: true, brace: true}
	if len(words) == 1 {
		p.include = all
		return
	}
	flags := map[string]func(*strictness) *bool{
		"read":           func(s *strictness) *bool { return &s.read },
		"match":          func(s *strictness) *bool { return &s.match },
		"wildcard_match": func(s *strictness) *bool { return &s.wildcard },
		"brace_match":    func(s *strictness) *bool { return &s.brace },
	}
	for i, w := range words[1:] {
		name := w
		sets := !strings.HasPrefix(w, "+") && !strings.HasPrefix(w, "-")
		if sets && i == 0 {
			p.include = strictness{} // also for a word that keepalived does not know
		} else if !sets {
			name = w[1:]
		}
		field := flags[name]
		switch {
		case sets && i > 0:
			p.note(Ignored, "include_check: %s may only stand first", quote(w))
		case field == nil:
			p.note(Ignored, "include_check: keepalived knows no %s", quote(w))
		case sets:
			p.include.read = true
			*field(&p.include) = true
		default:
			*field(&p.include) = w[0] == '+'
		}
	}
}

// globalNames are the statements of global_defs that do not concern virtual
// servers, up to keepalived 2.4.
const globalNames = `
	process_names process_name vrrp_process_name checker_process_name lvs_process_name bfd_process_name
	router_id notification_email_from smtp_server smtp_helo_name smtp_connect_timeout
	startup_script_timeout shutdown_script_timeout max_auto_priority min_auto_priority_delay
	use_symlink_paths@2.3.0 set_supplementary_groups@2.4.4 smtp_alert_vrrp dynamic_interfaces no_email_faults
	default_interface disable_local_igmp v3_checksum_as_v2@2.2.8
	vrrp_mcast_group4 vrrp_mcast_group6 vrrp_garp_master_delay vrrp_garp_master_repeat vrrp_garp_master_refresh
	vrrp_garp_master_refresh_repeat vrrp_garp_lower_prio_delay vrrp_garp_lower_prio_repeat vrrp_down_timer_adverts
	vrrp_garp_interval vrrp_gna_interval vrrp_min_garp vrrp_garp_extra_if vrrp_vmac_garp_intvl
	vrrp_lower_prio_no_advert vrrp_higher_prio_send_advert vrrp_version vrrp_iptables vrrp_ipsets
	nftables nftables_priority nftables_ifindex nftables_counters vrrp_check_unicast_src vrrp_skip_check_adv_addr
	vrrp_strict vrrp_priority vrrp_no_swap vrrp_rt_priority vrrp_cpu_affinity vrrp_rlimit_rttime vrrp_rlimit_rtime
	vrrp_notify_priority_changes fifo_write_vrrp_states_on_reload
	checker_priority checker_no_swap checker_rt_priority checker_cpu_affinity checker_rlimit_rttime checker_rlimit_rtime
	bfd_priority bfd_no_swap bfd_rt_priority bfd_cpu_affinity bfd_rlimit_rttime bfd_rlimit_rtime
	snmp_socket enable_traps enable_snmp_vrrp enable_snmp_keepalived enable_snmp_rfc enable_snmp_rfcv2
	enable_snmp_rfcv3 enable_snmp_checker snmp_vs_stats_update_interval@2.3.0 snmp_rs_stats_update_interval@2.3.0
	enable_dbus dbus_service_name dbus_no_interface_name@2.3.0
	vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs
	vrrp_netlink_monitor_rcv_bufs_force process_monitor_rcv_bufs process_monitor_rcv_bufs_force
	lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force
	no_checker_emails vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier vrrp_startup_delay vrrp_delay_after_boot@2.4.0
	log_unknown_vrids vmac_prefix vmac_addr_prefix vrrp_owner_ignore_adverts@2.3.2 umask random_seed
	reload_time_file reload_repeat config_save_dir tmp_config_directory json_version@2.2.8 iproute_usr_dir@2.3.2 iproute_etc_dir@2.3.2
	stats_dump_file@2.3.2 json_dump_file@2.3.2`
