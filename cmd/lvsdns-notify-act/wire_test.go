package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/notify/act"
	"github.com/lvsdns/lvsdns/notify/hook"
)

// below are the paths of a host whose files are in a directory.
func below(dir string) hook.Paths {
	file := func(name string) string { return filepath.Join(dir, name) }
	return hook.Paths{Settings: file("notify.yaml"), Conf: file("keepalived.conf"), StateDir: file("lib"), RunDir: file("run")}
}

// write puts files into a directory.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
}

// settingsOf reads a notify.yaml.
func settingsOf(t *testing.T, text string) (hook.Paths, *config.Notify) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{"notify.yaml": text})
	settings, err := config.LoadNotify(filepath.Join(dir, "notify.yaml"), true)
	if err != nil {
		t.Fatal(err)
	}
	return below(dir), settings
}

// TestRules: each action of the settings becomes the one that it names, with its deadline and its place.
func TestRules(t *testing.T) {
	paths, settings := settingsOf(t, `timeout: 7s
rules:
  - instances: [A, B]
    states: [master]
    actions:
      - sysctl: {key: net.x, value: 10}
      - sysctl: {key: net.y, value: 1, mode: assert}
        timeout: 2s
      - haproxy: {socket: /s, servers: [web/s1], frontends: [www], to: ready}
      - ipvs-sync: {role: both, interface: eth0, id: 51}
      - conntrack: {port: 53}
      - conntrackd: {role: primary}
      - announce: {delay: 500ms, interval: 200ms, count: 3}
        after: true
      - unit: {unit: nginx.service, do: reload}
      - command: {run: ["/bin/true", "--quick"], environment: ["SITE=b"], user: nobody}
        name: on-master
      - webhook: {url: "https://alerts.example.com/vrrp", attempts: 3, headers: ["X-Token: secret"]}
  - groups: [G]
    states: [backup, fault]
    actions:
      - ipvs-sync: {role: none}
      - ipvs-sync: {role: master, interface: eth1}
      - ipvs-sync: {role: backup, interface: eth1}
`)
	var got []string
	for _, r := range rules(settings, clients(paths, settings)) {
		got = append(got, fmt.Sprint(r.Instances, r.Groups, r.States))
		for _, s := range r.Steps {
			line := fmt.Sprintf("  %s %v", s.Name, s.Timeout)
			if s.After {
				line += " after"
			}
			if s.Steady {
				line += " steady"
			}
			got = append(got, line+" "+told(s.Action))
		}
	}
	want := `[A B] [] [master]
  sysctl 7s steady net.x=10 assert false
  sysctl 2s steady net.y=1 assert true
  haproxy 7s steady /s [web/s1] [www] ready
  ipvs-sync 7s steady [master backup] eth0 51
  conntrack 7s port 53
  conntrackd 7s primary
  announce 7s after 500ms 200ms 3
  unit 7s nginx.service reload
  on-master 7s [/bin/true --quick] [SITE=b] nobody
  webhook 7s https://alerts.example.com/vrrp 3 [X-Token: secret]
[] [G] [backup fault]
  ipvs-sync 7s steady []  0
  ipvs-sync 7s steady [master] eth1 0
  ipvs-sync 7s steady [backup] eth1 0`
	if strings.Join(got, "\n") != want {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// told is what an action will do.
func told(a act.Action) string {
	switch a := a.(type) {
	case act.Sysctl:
		return fmt.Sprintf("%s=%s assert %t", a.Key, a.Value, a.Assert)
	case act.HAProxy:
		return fmt.Sprint(a.Socket, " ", a.Servers, " ", a.Frontends, " ", a.To)
	case act.Sync:
		return fmt.Sprint(a.Roles, " ", a.Interface, " ", a.ID)
	case act.Conntrack:
		return fmt.Sprint("port ", a.Port)
	case act.Conntrackd:
		return a.Role
	case act.Announce:
		return fmt.Sprint(a.Delay, " ", a.Interval, " ", a.Count)
	case act.Unit:
		return a.Name + " " + a.Verb
	case act.Command:
		return fmt.Sprint(a.Run, " ", a.Environment, " ", a.User)
	case act.Webhook:
		return fmt.Sprint(a.URL, " ", a.Attempts, " ", a.Headers)
	default:
		return fmt.Sprintf("%T", a)
	}
}

// TestAgreements: what the settings list is asked, and nothing else.
func TestAgreements(t *testing.T) {
	paths, settings := settingsOf(t, `agreements:
  - group: G
    haproxy: {socket: /s, servers: [web/s1], frontends: [www]}
    ipvs: true
    ipvs-sync: true
  - instance: A
    ipvs: true
  - instance: B
    haproxy: {socket: /b, servers: [b/s1]}
`)
	var got []string
	for _, a := range agreements(settings, clients(paths, settings)) {
		got = append(got, fmt.Sprint(a.Subject, " ", a.Socket, a.Servers, a.Frontends, " table ", a.Table != nil, " daemons ", a.Daemons != nil))
	}
	want := "group G /s[web/s1] [www] table true daemons true\ninstance A [] [] table true daemons false\ninstance B /b[b/s1] [] table false daemons false"
	if strings.Join(got, "\n") != want {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), want)
	}

	// Where there are none, nobody looks.
	w := worker(paths, settings, nil)
	if w.Agree == nil {
		t.Error("nobody looks after agreements")
	}
	none := config.NewNotify()
	instruct(w, none, clients(paths, none))
	if w.Agree != nil || len(w.Rules) != 0 {
		t.Error("there are no agreements, and somebody looks after them")
	}
	if w.Journal.StateDir != paths.StateDir || w.Journal.RunDir != paths.RunDir || w.Conf != paths.Conf || w.Journal.Boot == "" {
		t.Errorf("%+v", w.Journal)
	}
}

func TestTrackFiles(t *testing.T) {
	_, settings := settingsOf(t, `track-files:
  - {path: /run/a, vip: 192.0.2.53, port: 53, protocol: tcp, on-exit: zero}
  - {path: /run/b, vip: "2001:db8::53"}
`)
	got := fmt.Sprintf("%v", trackFiles(settings))
	if want := "[{/run/a 192.0.2.53 53 tcp zero} {/run/b 2001:db8::53 0  keep}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

const twoInstances = "vrrp_instance A {\n\tinterface eth0\n\tvirtual_ipaddress {\n\t\t203.0.113.1\n\t}\n}\nvrrp_instance B {\n\tinterface eth0\n\tvirtual_ipaddress {\n\t\t203.0.113.2\n\t}\n}\n" +
	"vrrp_sync_group G {\n\tgroup {\n\t\tA\n\t\tB\n\t}\n}\n"

// TestUnknown: a rule for a name that keepalived.conf does not have never applies, and an instance is no group.
func TestUnknown(t *testing.T) {
	paths, settings := settingsOf(t, `rules:
  - instances: [A, a, G]
    states: [master]
    actions: [{sysctl: {key: net.x, value: 1}}]
  - groups: [G, B]
    states: [master]
    actions: [{sysctl: {key: net.x, value: 1}}]
`)
	if got := unknown(settings, paths); len(got) != 1 || !strings.HasPrefix(got[0], "names are not compared: ") {
		t.Errorf("without keepalived.conf: %q", got)
	}
	write(t, filepath.Dir(paths.Conf), map[string]string{"keepalived.conf": twoInstances})
	var want []string
	for _, line := range []string{"rules[1]: %s has no vrrp_instance a", "rules[1]: %s has no vrrp_instance G", "rules[2]: %s has no vrrp_sync_group B"} {
		want = append(want, fmt.Sprintf(line, paths.Conf))
	}
	if got := unknown(settings, paths); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestExposed: settings with a secret that everybody can read.
func TestExposed(t *testing.T) {
	webhook := "rules:\n  - states: [master]\n    actions: [{webhook: {url: \"https://x.example/\"%s}}]\n"
	for _, tt := range []struct {
		name, text string
		mode       os.FileMode
		want       bool
	}{
		{"a secret for all", fmt.Sprintf(webhook, ", headers: [\"X: y\"]"), 0o644, true},
		{"a secret for some", fmt.Sprintf(webhook, ", headers: [\"X: y\"]"), 0o640, false},
		{"no secret", fmt.Sprintf(webhook, ""), 0o644, false},
	} {
		paths, settings := settingsOf(t, tt.text)
		if err := os.Chmod(paths.Settings, tt.mode); err != nil {
			t.Fatal(err)
		}
		for dir := filepath.Dir(paths.Settings); dir != os.TempDir(); dir = filepath.Dir(dir) { // Everybody may pass here.
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		got := exposed(settings, paths)
		if (got != "") != tt.want || tt.want && got != paths.Settings+" has secrets, and every user of this host can read it: chmod o-r "+paths.Settings {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

func TestBeats(t *testing.T) {
	b := new(beats)
	if b.fresh() {
		t.Error("nobody has begun, and he is at work")
	}
	if b.beat(); !b.fresh() {
		t.Error("one who is at work is not")
	}
	b.last.Store(time.Now().Add(-11 * time.Second).UnixNano())
	if b.fresh() {
		t.Error("one who was last heard of 11 s ago is at work")
	}
}
