package act

import (
	"context"
	"strings"
	"syscall"
	"testing"
)

type noTable struct{}

func (noTable) Services(context.Context) ([]Service, error) { return nil, nil }

// TestRights: each kind of action that the unit does not let through is named at the start, with what lets it.
func TestRights(t *testing.T) {
	const unit = 1<<capNetAdmin | 1<<capNetRaw // what the packaged unit leaves
	const users = unit | 1<<capSetUID | 1<<capSetGID | 1<<capKill | 1<<capDACOverride
	refuses := map[string]error{
		"/run/haproxy/admin.sock": syscall.EACCES, "/run/none.sock": syscall.ENOENT, "/proc/sys/kernel/sysrq": syscall.EROFS,
		"/var/lib/track": syscall.EROFS, "/home/track": syscall.EACCES,
	}
	rule := func(a Action) []Rule { return []Rule{{Steps: []Step{{Action: a}, {Action: a}}}} }
	for _, test := range []struct {
		name       string
		rights     uint64
		user       int
		offline    bool
		rules      []Rule
		agreements []Agreement
		files      []TrackFile
		want       string // in the only line; empty: there is none
	}{
		{name: "nothing", user: 1000},
		{name: "a command", rights: unit, rules: rule(Command{Run: []string{"/bin/true"}})},
		{name: "a command as a user", rights: unit, rules: rule(Command{User: "deploy"}), want: "lvsdns-notify-fifo.service.d/users.conf"},
		{name: "with the drop-in", rights: users, rules: rule(Command{User: "deploy"})},
		{name: "a webhook", rights: unit, offline: true, rules: rule(Webhook{}), want: "lvsdns-notify-fifo.service.d/network.conf"},
		{name: "a webhook with the drop-in", rights: unit, rules: rule(Webhook{})},
		{name: "a socket of others", rights: unit, rules: rule(HAProxy{Socket: "/run/haproxy/admin.sock"}), want: "users.conf"},
		{name: "a socket that is not there yet", rights: unit, rules: rule(HAProxy{Socket: "/run/none.sock"})},
		{name: "an agreement", rights: unit, agreements: []Agreement{{Socket: "/run/haproxy/admin.sock"}}, want: "users.conf"},
		{name: "an agreement about IPVS, without a right", agreements: []Agreement{{Table: noTable{}}}, want: "CAP_NET_ADMIN"},
		{name: "a setting of the network", rights: unit, rules: rule(Sysctl{Key: "net.ipv4.ip_forward"})},
		{name: "another setting", rights: unit, rules: rule(Sysctl{Key: "kernel.sysrq"}), want: "ReadWritePaths=/proc/sys/kernel "},
		{name: "another setting, looked at", rights: unit, rules: rule(Sysctl{Key: "kernel.sysrq", Assert: true})},
		{name: "neighbours", rights: unit, rules: rule(Announce{})},
		{name: "neighbours, without a right", rules: rule(Announce{}), want: "CAP_NET_RAW"},
		{name: "flows, without a right", rules: rule(Conntrack{}), want: "CAP_NET_ADMIN"},
		{name: "synchronisation, without a right", rules: rule(Sync{}), want: "CAP_NET_ADMIN"},
		{name: "a unit", rights: unit, rules: rule(Unit{})},
		{name: "a unit, as another user", rights: unit, user: 1000, rules: rule(Unit{}), want: "needs root"},
		{name: "a track-file", rights: unit, files: []TrackFile{{Path: "/run/lvsdns/track"}}},
		{name: "a track-file elsewhere", rights: unit, files: []TrackFile{{Path: "/var/lib/track/n"}}, want: "ReadWritePaths=/var/lib/track "},
		{name: "a track-file of others", rights: unit, files: []TrackFile{{Path: "/home/track/n"}}, want: "users.conf"},
	} {
		r := Rights{User: test.user, Capabilities: test.rights, Offline: func() bool { return test.offline }, Writable: func(path string) error { return refuses[path] }}
		lines := r.Lacks(test.rules, test.agreements, test.files)
		if test.want == "" && lines != nil || test.want != "" && (len(lines) != 1 || !strings.Contains(lines[0]+" ", test.want)) {
			t.Errorf("%s: %q, want %q", test.name, lines, test.want)
		}
	}
}
