package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func loadNotify(t *testing.T, text string) (*Notify, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	n, err := LoadNotify(path, true)
	if err != nil {
		return nil, &said{strings.ReplaceAll(err.Error(), path, "notify.yaml")}
	}
	return n, nil
}

type said struct{ text string }

func (s *said) Error() string { return s.text }

// TestNotifyMistakes has one mistake a file, and what is said of it.
func TestNotifyMistakes(t *testing.T) {
	rule := func(action string) string {
		return "rules:\n  - states: [master]\n    actions:\n      - " + strings.ReplaceAll(action, "\n", "\n        ") + "\n"
	}
	tests := []struct{ name, text, want string }{
		{"unknown key", "rulez: []\n", `rulez: no such setting; did you mean rules?`},
		{"no list", "rules: 5\n", `rules: want a list of sections, each begun with -, not 5`},
		{"no section", "rules: [5]\n", `rules[1]: want a section, not 5`},
		{"no states", "rules:\n  - actions: [{announce: }]\n", `rules[1]: states is missing: such as states: [master]`},
		{
			"no such state", "rules:\n  - states: [slave]\n    actions: [{announce: }]\n",
			`rules[1].states: want master, backup, fault, stop or deleted, not "slave"`,
		},
		{"empty states", "rules:\n  - states: []\n    actions: [{announce: }]\n", `rules[1].states: want one of states at least`},
		{"no actions", "rules:\n  - states: [master]\n", `rules[1]: actions is missing: a rule without actions does nothing`},
		{
			"number as a name", "rules:\n  - instances: [51]\n    states: [master]\n    actions: [{announce: }]\n",
			`rules[1].instances: item 1: want text in quotes, not 51`,
		},
		{
			"unknown action", rule("sysctel: {key: a.b, value: 1}"),
			`rules[1].actions[1].sysctel: no such setting; did you mean sysctl?` + "\n" + `notify.yaml: rules[1].actions[1]: want one action, such as sysctl: or haproxy:, not 0`,
		},
		{"two actions", rule("announce:\nconntrack:"), `rules[1].actions[1]: want one action, such as sysctl: or haproxy:, not 2`},
		{"timeout", rule("announce:\ntimeout: 5"), `rules[1].actions[1].timeout: want a duration with its unit, such as 500ms, 2s or 1m, not 5`},
		{
			"sysctl key", rule("sysctl: {key: /etc/passwd, value: 1}"),
			`rules[1].actions[1].sysctl.key: want a name such as net.ipv4.vs.expire_nodest_conn, not "/etc/passwd"`,
		},
		{
			"sysctl climbs", rule("sysctl: {key: net/../../etc, value: 1}"),
			`rules[1].actions[1].sysctl.key: want a name such as net.ipv4.vs.expire_nodest_conn, not "net/../../etc"`,
		},
		{
			"sysctl value", rule("sysctl: {key: net.ipv4.vs.conntrack, value: true}"),
			`rules[1].actions[1].sysctl.value: want a number, or text in quotes, not true`,
		},
		{
			"sysctl mode", rule("sysctl: {key: net.ipv4.vs.conntrack, value: 1, mode: check}"),
			`rules[1].actions[1].sysctl.mode: want set or assert, not "check"`,
		},
		{
			"sysctl without key", rule("sysctl: {value: 1}"),
			`rules[1].actions[1].sysctl: key is missing: such as key: net.ipv4.vs.expire_nodest_conn`,
		},
		{
			"haproxy path", rule("haproxy: {socket: admin.sock, servers: [a/b], to: ready}"),
			`rules[1].actions[1].haproxy.socket: want a path that begins with /, not "admin.sock"`,
		},
		{
			"haproxy server", rule("haproxy: {socket: /s, servers: [b], to: ready}"),
			`rules[1].actions[1].haproxy.servers: want a server such as backend/server, not "b"`,
		},
		{
			"haproxy injection", rule("haproxy: {socket: /s, frontends: [\"a; shutdown\"], to: ready}"),
			`rules[1].actions[1].haproxy.frontends: want a frontend such as www, not "a; shutdown"`,
		},
		{
			"haproxy nothing", rule("haproxy: {socket: /s, to: ready}"),
			`rules[1].actions[1].haproxy: neither servers nor frontends: there is nothing to change`,
		},
		{
			"haproxy to", rule("haproxy: {socket: /s, servers: [a/b], to: off}"),
			`rules[1].actions[1].haproxy.to: want ready, drain, maint or disable, not "off"`,
		},
		{
			"haproxy frontend drain", rule("haproxy: {socket: /s, frontends: [www], to: drain}"),
			`rules[1].actions[1].haproxy.to: frontends can be ready or disable, not drain`,
		},
		{"conntrack port", rule("conntrack: {port: 0}"), `rules[1].actions[1].conntrack.port: want a whole number from 1 to 65535, not 0`},
		{
			"conntrackd role", rule("conntrackd: {role: master}"),
			`rules[1].actions[1].conntrackd.role: want primary, backup or fault, not "master"`,
		},
		{
			"sync without interface", rule("ipvs-sync: {role: master}"),
			`rules[1].actions[1].ipvs-sync: interface is missing: the one that the other director is on, such as interface: eth0`,
		},
		{
			"sync id", rule("ipvs-sync: {role: master, interface: eth0, id: 256}"),
			`rules[1].actions[1].ipvs-sync.id: want a whole number from 0 to 255, not 256`,
		},
		{"announce", rule("announce: {count: 0}"), `rules[1].actions[1].announce.count: want a whole number from 1 to 100, not 0`},
		{"unit", rule("unit: {unit: nginx, do: reload}"), `rules[1].actions[1].unit.unit: want a unit such as nginx.service, not "nginx"`},
		{
			"unit as a flag", rule("unit: {unit: --now.service, do: reload}"),
			`rules[1].actions[1].unit.unit: want a unit such as nginx.service, not "--now.service"`,
		},
		{
			"unit verb", rule("unit: {unit: nginx.service, do: enable}"),
			`rules[1].actions[1].unit.do: want start, stop, restart or reload, not "enable"`,
		},
		{
			"command path", rule("command: {run: [logger, x]}"),
			`rules[1].actions[1].command.run: want a program whose path begins with /, not "logger": nothing is looked up, and no shell reads the line`,
		},
		{
			"command environment", rule("command: {run: [/bin/true], environment: [A]}"),
			`rules[1].actions[1].command.environment: want NAME=value, not "A"`,
		},
		{
			"webhook", rule("webhook: {url: example.com}"),
			`rules[1].actions[1].webhook.url: want a URL that begins with https:// or http://, not "example.com"`,
		},
		{
			"webhook header", rule("webhook: {url: \"https://a.b/\", headers: [x]}"),
			`rules[1].actions[1].webhook.headers: want Name: value, not "x"`,
		},
		{
			"agreement of nobody", "agreements:\n  - ipvs: true\n",
			`agreements[1]: want either instance: or group:, whose owner the others must agree with`,
		},
		{
			"agreement with nobody", "agreements:\n  - group: VG\n",
			`agreements[1]: nothing must agree with the owner: want haproxy:, ipvs: true or ipvs-sync: true`,
		},
		{"track file", "track-files:\n  - {path: /x, vip: dns.example.com}\n", `track-files[1].vip: want an address, not "dns.example.com"`},
		{
			"track file exit", "track-files:\n  - {path: /x, vip: 192.0.2.1, on-exit: delete}\n",
			`track-files[1].on-exit: want keep, zero or remove, not "delete"`,
		},
		{"resync", "resync: 1ms\n", `resync: want a duration from 1s to 1h, not "1ms"`},
		{"keepalived's version", "keepalived: {version: 2.2}\n", `keepalived.version: want a version such as 2.2.7, not 2.2`},
		{"log", "log: {level: loud}\n", `log.level: want debug, info, warn or error, not "loud"`},
		{"tab", "rules:\n\t- x\n", "line 2: found character that cannot start any token; is it a tab? YAML wants spaces"},
	}
	for _, tt := range tests {
		_, err := loadNotify(t, tt.text)
		if err == nil || err.Error() != "notify.yaml: "+tt.want {
			t.Errorf("%s: %v\nwant notify.yaml: %s", tt.name, err, tt.want)
		}
	}
}

// TestNotifyAll has every mistake of a file at once: they are all reported.
func TestNotifyAll(t *testing.T) {
	_, err := loadNotify(t, "resync: 0s\nrules:\n  - states: [slave]\n    actions: [{unit: {unit: a, do: b}}]\n")
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Error(err)
	}
}

// TestNotifySample reads the file that is installed, as it is and with all that it shows switched on.
func TestNotifySample(t *testing.T) {
	sample, err := os.ReadFile("../../packaging/notify.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n, err := loadNotify(t, string(sample))
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Rules)+len(n.Agreements)+len(n.TrackFiles) != 0 || n.Timeout != 5*time.Second || n.Resync != 10*time.Second {
		t.Errorf("the sample does something: %+v", n)
	}
	var on strings.Builder
	for line := range strings.Lines(string(sample)) {
		if rest, ok := strings.CutPrefix(line, "#:"); ok {
			line = rest
		}
		on.WriteString(line)
	}
	n, err = loadNotify(t, on.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, on.String())
	}
	kinds := map[string]int{}
	for _, r := range n.Rules {
		for _, a := range r.Actions {
			for name, is := range map[string]bool{
				"sysctl": a.Sysctl != nil, "haproxy": a.HAProxy != nil,
				"conntrack": a.Conntrack != nil, "conntrackd": a.Conntrackd != nil,
				"ipvs-sync": a.IPVSSync != nil, "announce": a.Announce != nil, "unit": a.Unit != nil,
				"command": a.Command != nil, "webhook": a.Webhook != nil} {
				if is {
					kinds[name]++
				}
			}
		}
	}
	if len(kinds) != 9 || len(n.Agreements) != 1 || len(n.TrackFiles) != 1 {
		t.Errorf("the sample shows %v, %d agreements, %d track files", kinds, len(n.Agreements), len(n.TrackFiles))
	}
}

func TestNotifyAbsent(t *testing.T) {
	if n, err := LoadNotify("/nonexistent/notify.yaml", false); err != nil || len(n.Rules) != 0 {
		t.Error(n, err)
	}
	if _, err := LoadNotify("/nonexistent/notify.yaml", true); err == nil {
		t.Error("a file that was asked for by name is not there")
	}
}

func FuzzNotify(f *testing.F) {
	f.Add("rules:\n  - states: [master]\n    actions: [{conntrack: }, {sysctl: {key: a.b, value: 1}}]\n")
	f.Add("agreements: [{group: g, haproxy: {}}]\ntrack-files: [{}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := loadNotify(t, text); (n == nil) == (err == nil) {
			t.Error(n, err)
		}
	})
}
