package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func readRule(n *node) NotifyRule {
	var r NotifyRule
	n.filled("instances", "a rule without them is for every instance")
	n.take("instances", names{&r.Instances, "names of vrrp_instances", nil})
	n.filled("groups", "a rule without them is for every instance")
	n.take("groups", names{&r.Groups, "names of vrrp_sync_groups", nil})
	n.need("states", "[master]", names{&r.States, "states", oneOf("master", "backup", "fault", "stop", "deleted")})
	n.list("actions", func(a *node) { r.Actions = append(r.Actions, readAction(a)) })
	if !n.has("actions") {
		n.fail("", errors.New("actions is missing: a rule without actions does nothing"))
	}
	n.end()
	return r
}

func oneOf(all ...string) func(string) error {
	return func(s string) error {
		for _, one := range all {
			if s == one {
				return nil
			}
		}
		return want(either(all), s)
	}
}

func readAction(n *node) NotifyAction {
	var a NotifyAction
	n.take("name", text{&a.Name})
	n.take("timeout", span{&a.Timeout, 10 * time.Millisecond, 5 * time.Minute})
	n.take("after", truth{&a.After})
	kinds := 0
	for _, k := range []struct {
		key  string
		read func(*node)
	}{
		{"sysctl", func(s *node) { a.Sysctl = readSysctl(s) }},
		{"haproxy", func(s *node) { a.HAProxy = readHAProxy(s) }},
		{"conntrack", func(s *node) { a.Conntrack = readConntrack(s) }},
		{"conntrackd", func(s *node) { a.Conntrackd = readConntrackd(s) }},
		{"ipvs-sync", func(s *node) { a.IPVSSync = readIPVSSync(s) }},
		{"announce", func(s *node) { a.Announce = readAnnounce(s) }},
		{"unit", func(s *node) { a.Unit = readUnit(s) }},
		{"command", func(s *node) { a.Command = readCommand(s) }},
		{"webhook", func(s *node) { a.Webhook = readWebhook(s) }},
	} {
		if n.section(k.key, k.read) {
			kinds++
			if a.Name == "" {
				a.Name = k.key
			}
		}
	}
	n.end()
	if kinds != 1 {
		n.fail("", fmt.Errorf("want one action, such as sysctl: or haproxy:, not %d", kinds))
	}
	return a
}

func readSysctl(n *node) *SysctlAction {
	var a SysctlAction
	mode := "set"
	n.need("key", "net.ipv4.vs.expire_nodest_conn", text{&a.Key})
	if parts := strings.FieldsFunc(a.Key, func(r rune) bool { return r == '.' || r == '/' }); a.Key != "" &&
		(len(parts) < 2 || strings.Contains(a.Key, "..") || strings.ContainsAny(a.Key, " \x00\n") || a.Key[0] == '/' || a.Key[0] == '.') {
		n.fail("key", want("a name such as net.ipv4.vs.expire_nodest_conn", a.Key))
	}
	n.need("value", `"1"`, scalar{&a.Value})
	n.take("mode", choice{&mode, []string{"set", "assert"}})
	a.Assert = mode == "assert"
	return &a
}

// scalar is text or a number, as text.
type scalar struct{ to *string }

func (v scalar) set(raw any) error {
	switch x := raw.(type) {
	case string:
		*v.to = x
	case int, int64, uint64:
		*v.to = fmt.Sprint(x)
	default:
		return want("a number, or text in quotes", raw)
	}
	if strings.ContainsAny(*v.to, "\n\x00") || *v.to == "" {
		return want("a value of one line", *v.to)
	}
	return nil
}
func (v scalar) parse(words []string) error { return v.set(last(words)) }
func (v scalar) yaml() string               { return text(v).yaml() }

// HAProxy's command line takes one command a line, and ; between commands.
func oneWord(what, such string) func(string) error {
	word := regexp.MustCompile(`^[A-Za-z0-9_.:/-]+$`)
	return func(s string) error {
		if !word.MatchString(s) {
			return want(what+" such as "+such, s)
		}
		return nil
	}
}

func isServer(s string) error {
	if err := oneWord("a server", "backend/server")(s); err != nil || strings.Count(s, "/") != 1 || s[0] == '/' || s[len(s)-1] == '/' {
		return want("a server such as backend/server", s)
	}
	return nil
}

func readHAProxy(n *node) *HAProxyAction {
	var a HAProxyAction
	n.need("socket", "/run/haproxy/admin.sock", file{&a.Socket, false})
	n.take("servers", names{&a.Servers, "servers", isServer})
	n.take("frontends", names{&a.Frontends, "frontends", oneWord("a frontend", "www")})
	n.need("to", "ready", choice{&a.To, []string{"ready", "drain", "maint", "disable"}})
	switch {
	case !n.has("servers") && !n.has("frontends"):
		n.fail("", errors.New("neither servers nor frontends: there is nothing to change"))
	case len(a.Frontends) > 0 && (a.To == "drain" || a.To == "maint"):
		n.fail("to", fmt.Errorf("frontends can be ready or disable, not %s", a.To))
	}
	return &a
}

func readConntrack(n *node) *ConntrackAction {
	var a ConntrackAction
	n.take("port", whole{&a.Port, 1, 65535})
	return &a
}

func readConntrackd(n *node) *ConntrackdAction {
	a := ConntrackdAction{Program: "/usr/sbin/conntrackd"}
	n.need("role", "primary", choice{&a.Role, []string{"primary", "backup", "fault"}})
	n.take("program", file{&a.Program, false})
	n.take("config-file", file{&a.ConfigFile, false})
	return &a
}

func readIPVSSync(n *node) *IPVSSyncAction {
	var a IPVSSyncAction
	n.need("role", "master", choice{&a.Role, []string{"master", "backup", "both", "none"}})
	if n.take("interface", text{&a.Interface}) && !isInterface(a.Interface) {
		n.fail("interface", want("the name of a network interface such as eth0", a.Interface))
	}
	n.take("id", whole{&a.ID, 0, 255})
	if !n.has("interface") && a.Role != "none" && a.Role != "" {
		n.fail("", errors.New("interface is missing: the one that the other director is on, such as interface: eth0"))
	}
	return &a
}

func readAnnounce(n *node) *AnnounceAction {
	a := AnnounceAction{Delay: 500 * time.Millisecond, Interval: 200 * time.Millisecond, Count: 3}
	n.take("delay", span{&a.Delay, 0, time.Minute})
	n.take("interval", span{&a.Interval, 10 * time.Millisecond, time.Minute})
	n.take("count", whole{&a.Count, 1, 100})
	return &a
}

func readUnit(n *node) *UnitAction {
	var a UnitAction
	n.need("unit", "nginx.service", text{&a.Unit})
	if a.Unit != "" && !regexp.MustCompile(`^[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*\.[a-z]+$`).MatchString(a.Unit) {
		n.fail("unit", want("a unit such as nginx.service", a.Unit))
	}
	n.need("do", "reload", choice{&a.Do, []string{"start", "stop", "restart", "reload"}})
	n.take("wait", truth{&a.Wait})
	return &a
}

func readCommand(n *node) *CommandAction {
	var a CommandAction
	n.need("run", `["/usr/local/sbin/program", "argument"]`, names{&a.Run, "words", nil})
	if len(a.Run) > 0 && !filepath.IsAbs(a.Run[0]) {
		n.fail("run", fmt.Errorf("want a program whose path begins with /, not %q: nothing is looked up, and no shell reads the line", a.Run[0]))
	}
	n.take("environment", names{&a.Environment, "variables", func(s string) error {
		if name, _, ok := strings.Cut(s, "="); !ok || name == "" {
			return want("NAME=value", s)
		}
		return nil
	}})
	n.take("user", text{&a.User})
	return &a
}

func readWebhook(n *node) *WebhookAction {
	a := WebhookAction{Attempts: 3}
	n.need("url", "https://alerts.example.com/vrrp", text{&a.URL})
	if u, err := url.Parse(a.URL); a.URL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		n.fail("url", want("a URL that begins with https:// or http://", a.URL))
	}
	n.take("attempts", whole{&a.Attempts, 1, 10})
	n.take("headers", names{&a.Headers, "headers", func(s string) error {
		if name, _, ok := strings.Cut(s, ":"); !ok || name == "" || strings.ContainsAny(s, "\r\n") {
			return want("Name: value", s)
		}
		return nil
	}})
	return &a
}

func readAgreement(n *node) NotifyAgreement {
	var a NotifyAgreement
	n.take("instance", text{&a.Instance})
	n.take("group", text{&a.Group})
	n.section("haproxy", func(s *node) {
		s.need("socket", "/run/haproxy/admin.sock", file{&a.Socket, false})
		s.take("frontends", names{&a.Frontends, "frontends", oneWord("a frontend", "www")})
		s.take("servers", names{&a.Servers, "servers", isServer})
		if !s.has("servers") && !s.has("frontends") {
			s.fail("", errors.New("neither servers nor frontends: there is nothing to look at"))
		}
	})
	n.take("ipvs", truth{&a.IPVS})
	n.take("ipvs-sync", truth{&a.IPVSSync})
	n.end()
	if (a.Instance == "") == (a.Group == "") {
		n.fail("", errors.New("want either instance: or group:, whose owner the others must agree with"))
	}
	if !n.has("haproxy") && !a.IPVS && !a.IPVSSync {
		n.fail("", errors.New("nothing must agree with the owner: want haproxy:, ipvs: true or ipvs-sync: true"))
	}
	return a
}

func readTrackFile(n *node) TrackFile {
	f := TrackFile{OnExit: "keep"}
	n.need("path", "/run/lvsdns/healthy", file{&f.Path, false})
	vip := ""
	n.need("vip", "192.0.2.53", text{&vip})
	if vip != "" {
		addr, err := netip.ParseAddr(vip)
		if err != nil || addr.Zone() != "" {
			n.fail("vip", want("an address", vip))
		}
		f.VIP = addr.Unmap()
	}
	n.take("port", whole{&f.Port, 1, 65535})
	n.take("protocol", choice{&f.Protocol, []string{"udp", "tcp", "sctp"}})
	n.take("on-exit", choice{&f.OnExit, []string{"keep", "zero", "remove"}})
	n.end()
	return f
}
