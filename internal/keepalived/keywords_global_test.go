package keepalived_test

import "testing"

// TestGlobalWords has global_defs (keepalived/core/global_parser.c).
func TestGlobalWords(t *testing.T) {
	readStatements(t, "global_defs {\n%s\n}\n", []statement{
		{name: "one timeout", lines: "lvs_timeouts udp 20", want: "Global.Timeouts.UDP=20s"},
		{name: "no timeout", lines: "lvs_timeouts tcp 0"},
		{name: "a timeout of 31 days", lines: "lvs_timeouts tcpfin 2678400", want: "Global.Timeouts.TCPFin=744h0m0s"},
		{
			name: "a longer timeout", lines: "lvs_timeouts tcp 2678401 udp 5",
			want:  "Global.Timeouts.UDP=5s",
			notes: []string{"ignored at 1: lvs_timeouts: 2678401 is not between 0 and 2678400"},
		},
		{
			name: "a timeout with its unit", lines: "lvs_timeouts udp 20s",
			notes: []string{`ignored at 1: lvs_timeouts: "20s" is not a number`},
		},
		{
			name: "a protocol without its time", lines: "lvs_timeouts tcp 9 udp",
			want:  "Global.Timeouts.TCP=9s",
			notes: []string{"ignored at 1: lvs_timeouts: udp needs a time"},
		},
		{name: "a protocol alone", lines: "lvs_timeouts tcp", notes: []string{"ignored at 1: lvs_timeouts needs a protocol and a time"}},
		{
			name: "a protocol that has none", lines: "lvs_timeouts sctp 5 udp 6",
			want: "Global.Timeouts.UDP=6s",
			notes: []string{
				`ignored at 1: lvs_timeouts: keepalived knows no option "sctp"`,
				`ignored at 1: lvs_timeouts: keepalived knows no option "5"`,
			},
		},
		{
			name: "later timeouts add", lines: "lvs_timeouts tcp 9\nlvs_timeouts udp 5",
			want: "Global.Timeouts.TCP=9s Global.Timeouts.UDP=5s",
		},

		{name: "flush all on stop", lines: "lvs_flush_on_stop", want: "Global.FlushOnStop=all"},
		{name: "flush services on stop", lines: "lvs_flush_onstop VS", want: "Global.FlushOnStop=VS"},
		{name: "flush others on stop", lines: "lvs_flush_on_stop vs", notes: []string{`ignored at 1: lvs_flush_on_stop: "vs" is not VS`}},
		{
			name: "flush has no value", lines: "lvs_flush no",
			want:  "Global.Flush=true",
			notes: []string{`trap at 1: lvs_flush has no value: keepalived ignores "no" and switches it on`},
		},

		{
			name: "the old form of the sync daemon", lines: "lvs_sync_daemon eth0 VI_1 7",
			want:  "Global.SyncDaemon.Interface=eth0 Global.SyncDaemon.Instance=VI_1 Global.SyncDaemon.ID=7 Global.SyncDaemon.HasID=true",
			notes: []string{"adjusted at 1: lvs_sync_daemon: write id before the number"},
		},
		{name: "a sync daemon alone", lines: "lvs_sync_daemon eth0", want: "Global.SyncDaemon.Interface=eth0"},
		{
			name: "a sync daemon of no interface", lines: "lvs_sync_daemon",
			notes: []string{"ignored at 1: lvs_sync_daemon needs an interface"},
		},
		{
			name: "a sync daemon of a long interface", lines: "lvs_sync_daemon eth0123456789012",
			notes: []string{`ignored at 1: lvs_sync_daemon: "eth0123456789012" is too long for an interface`},
		},
		{
			name: "sync id 256", lines: "lvs_sync_daemon eth0 id 256",
			want:  "Global.SyncDaemon.Interface=eth0",
			notes: []string{"ignored at 1: lvs_sync_daemon: 256 is not between 0 and 255"},
		},
		{
			name: "the longest message of sync", lines: "lvs_sync_daemon eth0 maxlen 65507",
			want: "Global.SyncDaemon.Interface=eth0 Global.SyncDaemon.MaxLen=65507",
		},
		{
			name: "a longer message of sync", lines: "lvs_sync_daemon eth0 maxlen 65508",
			want:  "Global.SyncDaemon.Interface=eth0",
			notes: []string{"ignored at 1: lvs_sync_daemon: 65508 is not between 1 and 65507"},
		},
		{
			name: "sync ttl 0", lines: "lvs_sync_daemon eth0 ttl 0",
			want:  "Global.SyncDaemon.Interface=eth0",
			notes: []string{"ignored at 1: lvs_sync_daemon: 0 is not between 1 and 255"},
		},
		{
			name: "sync port 65536", lines: "lvs_sync_daemon eth0 port 65536",
			want:  "Global.SyncDaemon.Interface=eth0",
			notes: []string{"ignored at 1: lvs_sync_daemon: 65536 is not between 1 and 65535"},
		},
		{
			name: "sync to one host", lines: "lvs_sync_daemon eth0 group 192.0.2.1",
			want:  "Global.SyncDaemon.Interface=eth0",
			notes: []string{`ignored at 1: lvs_sync_daemon: "192.0.2.1" is not a multicast address`},
		},
		{
			name: "sync over IPv6", lines: "lvs_sync_daemon eth0 group ff02::81",
			want: "Global.SyncDaemon.Interface=eth0 Global.SyncDaemon.Group=ff02::81",
		},
		{
			name: "sync without the value of its last word", lines: "lvs_sync_daemon eth0 id 3 port",
			want:  "Global.SyncDaemon.Interface=eth0 Global.SyncDaemon.ID=3 Global.SyncDaemon.HasID=true",
			notes: []string{"ignored at 1: lvs_sync_daemon: port needs a value"},
		},
		{
			name: "a word that sync has not", lines: "lvs_sync_daemon eth0 id 3 mtu",
			want:  "Global.SyncDaemon.Interface=eth0 Global.SyncDaemon.ID=3 Global.SyncDaemon.HasID=true",
			notes: []string{`ignored at 1: lvs_sync_daemon: keepalived knows no option "mtu"`},
		},

		{
			name: "nftables", lines: "nftables_ipvs",
			want: "Global.NFTables.Table=keepalived_ipvs Global.NFTables.Priority=-1 Global.NFTStart=1000",
		},
		{
			name: "nftables with its own table", lines: "nftables_ipvs lb\nnftables_ipvs_priority -5\nnftables_ipvs_start_fwmark 5000",
			want: "Global.NFTables.Table=lb Global.NFTables.Priority=-5 Global.NFTStart=5000",
		},
		{
			name: "a start before its table does not count", lines: "nftables_ipvs_start_fwmark 5000\nnftables_ipvs",
			want: "Global.NFTables.Table=keepalived_ipvs Global.NFTables.Priority=-1 Global.NFTStart=1000",
		},
		{
			name: "a start at mark 0", lines: "nftables_ipvs\nnftables_ipvs_start_fwmark 0",
			want:  "Global.NFTables.Table=keepalived_ipvs Global.NFTables.Priority=-1 Global.NFTStart=1000",
			notes: []string{"ignored at 2: nftables_ipvs_start_fwmark: 0 is not between 1 and 4294967295"},
		},
		{
			name: "a priority by its name", lines: "nftables_ipvs\nnftables_ipvs_priority filter",
			want:  "Global.NFTables.Table=keepalived_ipvs Global.NFTables.Priority=-1 Global.NFTStart=1000",
			notes: []string{`ignored at 2: nftables_ipvs_priority: "filter" is not a number`},
		},
		{
			name: "nftables twice", lines: "nftables_ipvs a\nnftables_ipvs b",
			want:  "Global.NFTables.Table=a Global.NFTables.Priority=-1 Global.NFTStart=1000",
			notes: []string{`ignored at 2: nftables_ipvs is already "a"`},
		},

		{name: "a user of scripts", lines: "script_user dns", want: "Global.ScriptUser=dns"},
		{name: "a later user has a group of its own", lines: "script_user a b\nscript_user c", want: "Global.ScriptUser=c"},
		{name: "no user of scripts", lines: "script_user", notes: []string{"ignored at 1: script_user needs a user"}},
		{
			name: "script security has no value", lines: "enable_script_security no",
			want:  "Global.ScriptSecurity=true",
			notes: []string{`trap at 1: enable_script_security has no value: keepalived ignores "no" and switches it on`},
		},
		{name: "all failures", lines: "checker_log_all_failures yes", want: "Global.LogAllFailures=true"},
		{
			name: "a FIFO with user and group", lines: "lvs_notify_fifo /run/f dns staff",
			want: "Global.LVSFIFO.Path=/run/f Global.LVSFIFO.User=dns Global.LVSFIFO.Group=staff",
		},
		{name: "a FIFO without a path", lines: "notify_fifo", notes: []string{"ignored at 1: notify_fifo needs a path"}},
		{
			name: "a second FIFO", lines: "lvs_notify_fifo /run/f\nlvs_notify_fifo /run/g dns",
			want:  "Global.LVSFIFO.Path=/run/f",
			notes: []string{`ignored at 2: lvs_notify_fifo is already "/run/f"`},
		},
		{
			name: "a FIFO's script alone", lines: "vrrp_notify_fifo_script /bin/reader",
			want: "Global.VRRPFIFO.Script.Argv=[/bin/reader] Global.VRRPFIFO.Script.Dropped=[]",
		},
		{name: "a reload file", lines: "reload_file /run/reload", want: "Global.ReloadFile=/run/reload"},
		{name: "a reload file by default", lines: "reload_file"},
		{
			name: "a dump file before 2.3.2", version: "2.3.1", lines: "state_dump_file /run/dump",
			notes: []string{`unknown at 1: keepalived does not know "state_dump_file" here before 2.3.2 and skips the line`},
		},
		{name: "a dump file since 2.3.2", version: "2.3.2", lines: "state_dump_file /run/dump", want: "Global.StateDumpFile=/run/dump"},
		{
			name: "a word since 2.3.0", version: "2.2.8", lines: "use_symlink_paths",
			notes: []string{`unknown at 1: keepalived does not know "use_symlink_paths" here before 2.3.0 and skips the line`},
		},
		{
			name: "a word since 2.4.0", version: "2.3.4", lines: "vrrp_delay_after_boot 5",
			notes: []string{`unknown at 1: keepalived does not know "vrrp_delay_after_boot" here before 2.4.0 and skips the line`},
		},
	})
}

// TestGlobalOutside has what stands outside all blocks.
func TestGlobalOutside(t *testing.T) {
	readStatements(t, "%s\n", []statement{
		{name: "a namespace", lines: "net_namespace dns", want: "Global.NetNamespace=dns"},
		{name: "no namespace", lines: "net_namespace", notes: []string{"ignored at 1: net_namespace needs a name"}},
		{
			name: "an instance twice", lines: "instance a\ninstance b",
			want:  "Global.Instance=a",
			notes: []string{`ignored at 2: instance is already "a"`},
		},
		{name: "IPVS in a namespace of its own", lines: "net_namespace_ipvs lb", want: "Global.NetNamespaceIPVS=lb"},
		{
			name: "IPVS in two", lines: "net_namespace_ipvs lb\nnet_namespace_ipvs",
			want:  "Global.NetNamespaceIPVS=lb",
			notes: []string{`ignored at 2: net_namespace_ipvs is already "lb"`},
		},
		{
			name: "a directory has no value", lines: "use_pid_dir off",
			want:  "Global.UsePIDDir=true",
			notes: []string{`trap at 1: use_pid_dir has no value: keepalived ignores "off" and switches it on`},
		},
		{
			name: "a word of global_defs", lines: "script_user dns",
			notes: []string{`unknown at 1: keepalived does not know "script_user" here and skips the line`},
		},
	})
}
