package keepalived_test

import "testing"

// TestInstanceWords has the words of a vrrp_instance (keepalived/vrrp/vrrp_parser.c).
func TestInstanceWords(t *testing.T) {
	readStatements(t, "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n192.0.2.1\n}\n%s\n}\n", []statement{
		{name: "the last interface counts", lines: "interface eth1", want: "Instances[0].Interface=eth1"},
		{name: "router 0", lines: "virtual_router_id 0", notes: []string{"ignored at 1: virtual_router_id: 0 is not between 1 and 255"}},
		{name: "router 255", lines: "virtual_router_id 255", want: "Instances[0].VRID=255"},
		{
			name: "router 256", lines: "virtual_router_id 256",
			notes: []string{"ignored at 1: virtual_router_id: 256 is not between 1 and 255"},
		},
		{name: "priority 255", lines: "priority 255", want: "Instances[0].Priority=255"},
		{
			name: "priority 0", lines: "priority 150\npriority 0", // vrrp_prio_handler() sets the default then.
			notes: []string{"adjusted at 2: priority: 0 is not between 1 and 255: keepalived takes 100"},
		},
		{
			name: "a priority with text behind it", lines: "priority 5x",
			notes: []string{`adjusted at 1: priority: "5x" is not a number: keepalived takes 100`},
		},
		{
			name: "VRRP 3 with text behind it", lines: "version 3rd",
			want:  "Instances[0].Version=3",
			notes: []string{`adjusted at 1: version: "3rd" is not a number: keepalived reads 3`},
		},
		{name: "VRRP 3", lines: "version 3", want: "Instances[0].Version=3"},
		{name: "VRRP 4", lines: "version 4", notes: []string{"ignored at 1: version: 4 is not between 2 and 3"}},
		{
			name: "master and then backup", lines: "state MASTER\nstate BACKUP",
			want:  "Instances[0].State=MASTER",
			notes: []string{"ignored at 2: state is already MASTER"},
		},
		{name: "backup and then master", lines: "state BACKUP\nstate MASTER", want: "Instances[0].State=MASTER"},
		{
			name: "master in small letters", lines: "state master",
			want:  "Instances[0].State=BACKUP",
			notes: []string{`adjusted at 1: state: "master" is neither MASTER nor BACKUP: keepalived takes BACKUP`},
		},
		{
			name: "nopreempt has no value", lines: "nopreempt off",
			want:  "Instances[0].NoPreempt=true",
			notes: []string{`trap at 1: nopreempt has no value: keepalived ignores "off" and switches it on`},
		},
		{
			name: "more addresses", lines: "virtual_ipaddress {\n192.0.2.2/24 dev eth1 scope link\n}",
			want: "Instances[0].VIPs[1] new Instances[0].VIPs[1].Prefix=192.0.2.2/24 Instances[0].VIPs[1].Dev=eth1 " +
				"Instances[0].VIPs[1].Other=[scope link]",
		},
		{
			name: "an address of the other family", lines: "virtual_ipaddress {\n2001:db8::1\n}",
			notes: []string{"ignored at 2: 2001:db8::1 is not of the family of the first address"},
		},
		{
			name: "an excluded address of the other family", lines: "virtual_ipaddress_excluded {\n2001:db8::1/64\n}",
			want: "Instances[0].Excluded[0] new Instances[0].Excluded[0].Prefix=2001:db8::1/64 Instances[0].Excluded[0].Other=[]",
		},
		{
			name: "a prefix beyond the address", lines: "virtual_ipaddress {\n192.0.2.2/33\n}",
			want:  "Instances[0].VIPs[1] new Instances[0].VIPs[1].Prefix=192.0.2.2/32",
			notes: []string{"ignored at 2: 192.0.2.2/33: 33 is not between 0 and 32"},
		},
		{
			name: "a prefix that is none", lines: "virtual_ipaddress {\n192.0.2.2/x\n}",
			want:  "Instances[0].VIPs[1] new Instances[0].VIPs[1].Prefix=192.0.2.2/0",
			notes: []string{`adjusted at 2: 192.0.2.2/x: "x" is not a number: keepalived reads 0`},
		},
		{
			name: "a zone", lines: "virtual_ipaddress_excluded {\nfe80::1%eth0\n}",
			notes: []string{`ignored at 2: "fe80::1%eth0" is not an IP address`},
		},
		{
			name: "a word since 2.4.0", version: "2.4.0", lines: "auth_hmac {\nkey 1\n}",
			want: "Instances[0].Other[0] new Instances[0].Other[0].Words=[auth_hmac] Instances[0].Other[0].Block[0] " +
				"new Instances[0].Other[0].Block[0].Words=[key 1]",
		},
	})
}

// TestInstanceNames has the first lines of blocks of VRRP.
func TestInstanceNames(t *testing.T) {
	readStatements(t, "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\n}\n%s\n", []statement{
		{
			name: "two names", lines: "vrrp_instance W X {\n}",
			notes: []string{"ignored at 1: vrrp_instance must have one name: keepalived leaves the block out"},
		},
		{name: "a group without members", lines: "vrrp_sync_group G {\n}", want: "SyncGroups[0] new SyncGroups[0].Name=G"},
		{
			name: "members on one line", lines: "vrrp_sync_group G {\ngroup { V W }\n}",
			want: "SyncGroups[0] new SyncGroups[0].Name=G SyncGroups[0].Members[0] new SyncGroups[0].Members[0]=V " +
				"SyncGroups[0].Members[1] new SyncGroups[0].Members[1]=W",
		},
		{
			name: "members twice", lines: "vrrp_sync_group G {\ngroup {\nV\n}\ngroup {\nW\n}\n}",
			want: "SyncGroups[0] new SyncGroups[0].Name=G SyncGroups[0].Members[0] new SyncGroups[0].Members[0]=V",
			notes: []string{
				"ignored at 5: the members are listed already",
				`unknown at 8: keepalived does not know "}" here and skips the line`,
			},
		},
		{
			name: "a script of a group", lines: "vrrp_sync_group G {\nnotify_master \"/bin/up a\" dns staff\n}",
			want: "SyncGroups[0] new SyncGroups[0].Name=G SyncGroups[0].Notify[0] new " +
				"SyncGroups[0].Notify[0].Event=notify_master SyncGroups[0].Notify[0].Script.Argv=[/bin/up a] " +
				"SyncGroups[0].Notify[0].Script.Dropped=[] SyncGroups[0].Notify[0].Script.User=dns " +
				"SyncGroups[0].Notify[0].Script.Group=staff",
		},
		{
			name: "a script that no group has", lines: "vrrp_sync_group G {\nnotify_deleted /bin/up\n}",
			want:  "SyncGroups[0] new SyncGroups[0].Name=G",
			notes: []string{`unknown at 2: keepalived does not know "notify_deleted" here and skips the line`},
		},
		{
			name: "a check of every second", lines: "vrrp_script S {\nscript \"/bin/check a\"\n}",
			want: "Scripts[0] new Scripts[0].Name=S Scripts[0].Script.Argv=[/bin/check a] Scripts[0].Script.Dropped=[] " +
				"Scripts[0].Interval=1s",
		},
		{
			name: "a check with its user", lines: "vrrp_script S {\nuser dns\nscript /bin/check\nfall 2\n}",
			want: "Scripts[0] new Scripts[0].Name=S Scripts[0].Script.Argv=[/bin/check] Scripts[0].Script.Dropped=[] " +
				"Scripts[0].Script.User=dns Scripts[0].Interval=1s Scripts[0].Other[0] new " +
				"Scripts[0].Other[0].Words=[fall 2]",
		},
	})
}

// TestScriptTimes has the times of a vrrp_script (vrrp_vscript_interval_handler() and its twin in vrrp_parser.c).
func TestScriptTimes(t *testing.T) {
	readStatements(t, "vrrp_script S {\nscript /bin/check\ninterval 9\n%s\n}\n", []statement{
		{name: "whole seconds", lines: "interval 2\ntimeout 3", want: "Scripts[0].Interval=2s Scripts[0].Timeout=3s"},
		{
			name: "no interval", lines: "interval 0",
			want:  "Scripts[0].Interval=1s",
			notes: []string{"adjusted at 1: interval: keepalived takes 1s for no time"},
		},
		{
			name: "no timeout", version: "2.4.3", lines: "timeout 0",
			want:  "Scripts[0].Timeout=1s",
			notes: []string{"adjusted at 1: timeout: keepalived takes 1s for no time"},
		},
		{
			name: "half a second before 2.3.2", version: "2.3.1", lines: "interval 0.5",
			want: "Scripts[0].Interval=1s",
			notes: []string{
				`adjusted at 1: interval: "0.5" is not a number: keepalived reads 0`,
				"adjusted at 1: interval: keepalived takes 1s for no time",
			},
		},
		{name: "half a second since 2.3.2", version: "2.3.2", lines: "interval 0.5", want: "Scripts[0].Interval=500ms"},
		{
			name: "a second and a half before 2.3.2", version: "2.2.7", lines: "timeout 1.5",
			want:  "Scripts[0].Timeout=1s",
			notes: []string{`adjusted at 1: timeout: "1.5" is not a number: keepalived reads 1`},
		},
		{name: "a second and a half since 2.3.2", version: "2.4.3", lines: "timeout 1.5", want: "Scripts[0].Timeout=1.5s"},
		{
			name: "half a millisecond", version: "2.4.3", lines: "interval 0.0005",
			want:  "Scripts[0].Interval=1ms",
			notes: []string{"adjusted at 1: interval: 0.0005 has more than three decimal places: keepalived rounds it"},
		},
		{
			name: "less than half a millisecond", version: "2.4.3", lines: "interval 0.0004",
			want: "Scripts[0].Interval=1s",
			notes: []string{
				"adjusted at 1: interval: 0.0004 has more than three decimal places: keepalived rounds it",
				"adjusted at 1: interval: keepalived takes 1s for no time",
			},
		},
		{name: "the longest interval", lines: "interval 4294", want: "Scripts[0].Interval=1h11m34s"},
		{name: "a longer interval", lines: "interval 4295", notes: []string{"ignored at 1: interval: 4295 is not between 0 and 4294"}},
		{
			name: "a longer interval since 2.3.2", version: "2.4.3", lines: "interval 4294.001",
			notes: []string{`ignored at 1: interval: "4294.001" is out of range`},
		},
	})
}
