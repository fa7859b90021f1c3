package config

import (
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestNotifyFull has every key that there is, none at its default.
func TestNotifyFull(t *testing.T) {
	got, err := loadNotify(t, `
log: {level: error, format: json}
timeout: 1m
resync: 1s
keepalived: {config-id: lb1, version: "2.2.7"}
rules:
  - instances: [VI_1, VI_2]
    groups: VG
    states: [master, backup, fault, stop, deleted]
    actions:
      - {name: first, timeout: 10ms, after: true, sysctl: {key: net/ipv4/vs/conntrack, value: 1, mode: assert}}
      - haproxy: {socket: /s, servers: [a/b, c/d], frontends: www, to: disable}
      - conntrack: {port: 53}
      - conntrackd: {role: fault, program: /p, config-file: /c}
      - ipvs-sync: {role: both, interface: eth0.5, id: 255}
      - announce: {delay: 0s, interval: 1m, count: 100}
      - unit: {unit: "unbound@a.service", do: restart, wait: true}
      - command: {run: [/p, a b], environment: [A=, B=x=y], user: nobody}
      - webhook: {url: "http://[2001:db8::1]:80/x", attempts: 10, headers: ["X-A: b", "X-C:"]}
agreements:
  - {instance: VI_1, haproxy: {socket: /s, servers: a/b, frontends: [www]}, ipvs: true, ipvs-sync: true}
  - {group: VG, ipvs: true}
track-files:
  - {path: /t, vip: "2001:db8::53", port: 53, protocol: udp, on-exit: remove}
  - {path: /u, vip: "::ffff:192.0.2.1"}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := &Notify{
		Log: Log{slog.LevelError, "json"}, Timeout: time.Minute, Resync: time.Second, Keepalived: ReadAs{"lb1", "2.2.7"},
		Rules: []NotifyRule{{
			Instances: []string{"VI_1", "VI_2"}, Groups: []string{"VG"}, States: []string{"master", "backup", "fault", "stop", "deleted"},
			Actions: []NotifyAction{
				{Name: "first", Timeout: 10 * time.Millisecond, After: true, Sysctl: &SysctlAction{"net/ipv4/vs/conntrack", "1", true}},
				{Name: "haproxy", HAProxy: &HAProxyAction{"/s", []string{"a/b", "c/d"}, []string{"www"}, "disable"}},
				{Name: "conntrack", Conntrack: &ConntrackAction{53}},
				{Name: "conntrackd", Conntrackd: &ConntrackdAction{"fault", "/p", "/c"}},
				{Name: "ipvs-sync", IPVSSync: &IPVSSyncAction{"both", "eth0.5", 255}},
				{Name: "announce", Announce: &AnnounceAction{0, time.Minute, 100}},
				{Name: "unit", Unit: &UnitAction{"unbound@a.service", "restart", true}},
				{Name: "command", Command: &CommandAction{[]string{"/p", "a b"}, []string{"A=", "B=x=y"}, "nobody"}},
				{Name: "webhook", Webhook: &WebhookAction{"http://[2001:db8::1]:80/x", 10, []string{"X-A: b", "X-C:"}}},
			},
		}},
		Agreements: []NotifyAgreement{
			{Instance: "VI_1", Socket: "/s", Frontends: []string{"www"}, Servers: []string{"a/b"}, IPVS: true, IPVSSync: true},
			{Group: "VG", IPVS: true},
		},
		TrackFiles: []TrackFile{
			{"/t", netip.MustParseAddr("2001:db8::53"), 53, "udp", "remove"},
			{"/u", netip.MustParseAddr("192.0.2.1"), 0, "", "keep"}, // as the kernel has it
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

// TestNotifyDefaults are those of actions that are written without anything below them.
func TestNotifyDefaults(t *testing.T) {
	n, err := loadNotify(t, `rules: [{states: master, actions: [{announce: }, {conntrack: {}}, {conntrackd: {role: backup}}, {webhook: {url: "https://a.b"}},
  {ipvs-sync: {role: none}}, {sysctl: {key: a.b, value: ""}}]}]`)
	if err == nil || !strings.Contains(err.Error(), "rules[1].actions[6].sysctl.value: want a value of one line") || n != nil {
		t.Fatalf("an empty value: %+v, %v", n, err)
	}
	n, err = loadNotify(t, `rules: [{states: master, actions: [{announce: }, {conntrack: {}}, {conntrackd: {role: backup}}, {webhook: {url: "https://a.b"}},
  {ipvs-sync: {role: none}}, {sysctl: {key: a.b, value: 0}}]}]`)
	if err != nil {
		t.Fatal(err)
	}
	r := n.Rules[0]
	if len(r.Instances)+len(r.Groups) != 0 {
		t.Errorf("a rule that names nobody names %q, %q", r.Instances, r.Groups)
	}
	for i, want := range []NotifyAction{
		{Name: "announce", Announce: &AnnounceAction{500 * time.Millisecond, 200 * time.Millisecond, 3}},
		{Name: "conntrack", Conntrack: &ConntrackAction{}},
		{Name: "conntrackd", Conntrackd: &ConntrackdAction{Role: "backup", Program: "/usr/sbin/conntrackd"}},
		{Name: "webhook", Webhook: &WebhookAction{URL: "https://a.b", Attempts: 3}},
		{Name: "ipvs-sync", IPVSSync: &IPVSSyncAction{Role: "none"}},
		{Name: "sysctl", Sysctl: &SysctlAction{Key: "a.b", Value: "0"}},
	} {
		if !reflect.DeepEqual(r.Actions[i], want) {
			t.Errorf("%+v, want %+v", r.Actions[i], want)
		}
	}
}

// TestNotifyMeansWhatItSays: what could be read in two ways, of which one acts on somebody else, is a mistake.
func TestNotifyMeansWhatItSays(t *testing.T) {
	rule := func(head string) string {
		return "rules:\n  - {" + head + ", states: [master], actions: [{conntrack: }]}\n"
	}
	action := func(a string) string { return "rules: [{states: [master], actions: [{" + a + "}]}]\n" }
	for name, tt := range map[string]struct{ text, want string }{
		// Without names a rule is for every instance: a list whose names are behind comments must not become that.
		"instances behind comments": {
			rule("instances: "),
			"rules[1].instances: is empty, and a rule without them is for every instance: name some, or take the line out",
		},
		"groups behind comments": {
			rule("groups: "),
			"rules[1].groups: is empty, and a rule without them is for every instance: name some, or take the line out",
		},
		"no instance":              {rule("instances: []"), "rules[1].instances: want one of names of vrrp_instances at least"},
		"an instance without name": {rule(`instances: [""]`), "rules[1].instances: item 1 is empty"},
		"states behind comments":   {"rules: [{states: , actions: [{conntrack: }]}]\n", "rules[1]: states is missing: such as states: [master]"},
		"actions behind comments": {
			"rules: [{states: [master], actions: }]\n",
			"rules[1]: actions is missing: a rule without actions does nothing",
		},
		"a rule behind comments": {"rules:\n  -\n  - {states: [master], actions: [{conntrack: }]}\n", "rules[1]: want a section, not nothing"},
		"a state twice written": {
			"rules: [{states: [Master], actions: [{conntrack: }]}]\n",
			`rules[1].states: want master, backup, fault, stop or deleted, not "Master"`,
		},

		"two files": {
			"track-files:\n  - {path: /a, vip: 192.0.2.1}\n  - {path: /b, vip: 192.0.2.1}\n  - {path: /a, vip: 192.0.2.2}\n",
			"track-files[3].path: track-files[1] writes /a already: each needs a file of its own",
		},
		"file's zone": {"track-files: [{path: /a, vip: \"fe80::1%eth0\"}]\n", `track-files[1].vip: want an address, not "fe80::1%eth0"`},
		"file's mark": {
			"track-files: [{path: /a, vip: 192.0.2.1, protocol: fwm}]\n",
			`track-files[1].protocol: want udp, tcp or sctp, not "fwm"`,
		},
		"file's port": {
			"track-files: [{path: /a, vip: 192.0.2.1, port: 0}]\n",
			"track-files[1].port: want a whole number from 1 to 65535, not 0",
		},
		"file's place":  {"track-files: [{path: a, vip: 192.0.2.1}]\n", `track-files[1].path: want a path that begins with /, not "a"`},
		"file's number": {"track-files: [{path: /a, vip: 53}]\n", "track-files[1].vip: want text in quotes, not 53"},

		"instance and group": {
			"agreements: [{instance: a, group: b, ipvs: true}]\n",
			"agreements[1]: want either instance: or group:, whose owner the others must agree with",
		},
		"ipvs switched off": {
			"agreements: [{instance: a, ipvs: false}]\n",
			"agreements[1]: nothing must agree with the owner: want haproxy:, ipvs: true or ipvs-sync: true",
		},
		"haproxy of nothing": {
			"agreements: [{instance: a, haproxy: {socket: /s}}]\n",
			"agreements[1].haproxy: neither servers nor frontends: there is nothing to look at",
		},
		"agreement's server": {
			"agreements: [{instance: a, haproxy: {socket: /s, servers: [\"a/b; disable\"]}}]\n",
			`agreements[1].haproxy.servers: want a server such as backend/server, not "a/b; disable"`,
		},

		"sync interface": {
			action("ipvs-sync: {role: master, interface: \"eth0 eth1\"}"),
			`rules[1].actions[1].ipvs-sync.interface: want the name of a network interface such as eth0, not "eth0 eth1"`,
		},
		"sync interface's path": {
			action("ipvs-sync: {role: master, interface: ../eth0}"),
			`rules[1].actions[1].ipvs-sync.interface: want the name of a network interface such as eth0, not "../eth0"`,
		},
		"sync role": {
			action("ipvs-sync: {role: slave, interface: eth0}"),
			`rules[1].actions[1].ipvs-sync.role: want master, backup, both or none, not "slave"`,
		},
		"sysctl of two lines": {
			action(`sysctl: {key: a.b, value: "1\n2"}`),
			`rules[1].actions[1].sysctl.value: want a value of one line, not "1\n2"`,
		},
		"sysctl with a blank": {
			action(`sysctl: {key: "a.b c", value: 1}`),
			`rules[1].actions[1].sysctl.key: want a name such as net.ipv4.vs.expire_nodest_conn, not "a.b c"`,
		},
		"sysctl of one word": {
			action(`sysctl: {key: conntrack, value: 1}`),
			`rules[1].actions[1].sysctl.key: want a name such as net.ipv4.vs.expire_nodest_conn, not "conntrack"`,
		},
		"server of one part": {
			action("haproxy: {socket: /s, servers: [/b], to: ready}"),
			`rules[1].actions[1].haproxy.servers: want a server such as backend/server, not "/b"`,
		},
		"command in one line": {action("command: {run: /bin/sh -c x}"), ``}, // a path with blanks may be a program
		"command of nothing":  {action("command: {run: []}"), "rules[1].actions[1].command.run: want one of words at least"},
		"nameless variable": {
			action(`command: {run: [/p], environment: ["=x"]}`),
			`rules[1].actions[1].command.environment: want NAME=value, not "=x"`,
		},
		"header with a break": {
			action(`webhook: {url: "https://a.b", headers: ["A: b\r\nC: d"]}`),
			`rules[1].actions[1].webhook.headers: want Name: value, not "A: b\r\nC: d"`,
		},
		"webhook to a file": {
			action(`webhook: {url: "file:///etc/passwd"}`),
			`rules[1].actions[1].webhook.url: want a URL that begins with https:// or http://, not "file:///etc/passwd"`,
		},
		"webhook to nobody": {
			action(`webhook: {url: "https:///x"}`),
			`rules[1].actions[1].webhook.url: want a URL that begins with https:// or http://, not "https:///x"`,
		},
		"endless retries": {
			action(`webhook: {url: "https://a.b", attempts: 11}`),
			"rules[1].actions[1].webhook.attempts: want a whole number from 1 to 10, not 11",
		},
		"announce for ever": {
			action("announce: {count: 101}"),
			"rules[1].actions[1].announce.count: want a whole number from 1 to 100, not 101",
		},
		"announce as a list": {action("announce: [1]"), "rules[1].actions[1].announce: want a section, not a list"},
		"unit of no kind": {
			action("unit: {unit: nginx., do: start}"),
			`rules[1].actions[1].unit.unit: want a unit such as nginx.service, not "nginx."`,
		},
		"unit with an argument": {
			action(`unit: {unit: "a.service b.service", do: start}`),
			`rules[1].actions[1].unit.unit: want a unit such as nginx.service, not "a.service b.service"`,
		},
		"timeout for ever": {action("timeout: 0s, announce: "), `rules[1].actions[1].timeout: want a duration from 10ms to 5m, not "0s"`},
		"after as a word":  {action("after: first, announce: "), `rules[1].actions[1].after: want true or false, not "first"`},
		"a section's neighbour": {
			"rules: [{states: [master], actions: [{conntrack: }], when: now}]\n",
			"rules[1].when: no such setting; there is actions, groups, instances and states",
		},
		"a number as a key": {
			"rules: [{states: [master], actions: [{conntrack: }], 5: 6}]\n",
			"rules[1].5: no such setting; there is actions, groups, instances and states",
		},
		"settings of another": {
			"web: {listen-address: \":9741\"}\n",
			"web: no such setting; there is agreements, keepalived, log, resync, rules, timeout and track-files",
		},
	} {
		_, err := loadNotify(t, tt.text)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (err == nil || err.Error() != "notify.yaml: "+tt.want):
			t.Errorf("%s: %v\nwant notify.yaml: %s", name, err, tt.want)
		}
	}
}
