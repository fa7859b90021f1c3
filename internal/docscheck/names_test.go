package docscheck

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// foreign are flags of other programs that a document names without the program: iptables, podman.
var foreign = []string{"ctstate", "notrack", "network", "pid", "cap-add"}

var (
	span    = regexp.MustCompile("`([^`\n]+)`")
	flags   = regexp.MustCompile(`(?:^|[^\w-])--?([a-z][a-z0-9._-]*[a-z0-9])`)
	setting = regexp.MustCompile(`^([a-z]+)\.[a-z.-]*[a-z](?:$|[: =])`)
)

func TestUnknownNames(t *testing.T) {
	known := map[string][]string{
		"lvsdns-check": {"name", "timeout"}, "lvsdns": {"signal"},
		"lvsdns-exporter": {"dns.capture", "dns.ring-size", "checks.socket"},
	}
	for text, want := range map[string]string{
		"lvsdns-check --name x --timeouts 2s": "--timeouts",
		"/usr/bin/lvsdns drift --signals":     "--signals",
		"lvsdns-exporter --dns.capture":       "",
		"--checks.sockets":                    "--checks.sockets",
		"--timeout":                           "",
		"-m conntrack --ctstate ESTABLISHED":  "",
		"dns.ring-sizes: 1":                   "dns.ring-sizes",
		"dns.ring-size":                       "",
		"dns.go":                              "",
		"keepalived --vrrp":                   "",
		"net.ipv4.vs.conntrack=1":             "",
	} {
		if _, unknown := unknownNames(text, known); strings.Join(unknown, " ") != want {
			t.Errorf("%s: %q, want %q", text, unknown, want)
		}
	}
}

// unknownNames are the flags and settings in a piece of code that no program has, and how many there were.
func unknownNames(code string, known map[string][]string) (checked int, unknown []string) {
	all := foreign
	for _, list := range known {
		all = slices.Concat(all, list)
	}
	words := strings.Fields(code)
	if len(words) == 0 {
		return 0, nil
	}
	of, ours := known[path.Base(words[0])]
	if strings.HasPrefix(words[0], "-") {
		of, ours = all, true
	}
	for _, m := range flags.FindAllStringSubmatch(code, -1) {
		if !ours || !strings.Contains(m[0], "--") {
			continue
		}
		checked++
		if !slices.Contains(of, m[1]) {
			unknown = append(unknown, "--"+m[1])
		}
	}
	if m := setting.FindStringSubmatch(code); m != nil && path.Ext(code) != ".go" && isSection(m[1], known["lvsdns-exporter"]) {
		checked++
		if key := strings.TrimRight(m[0], ": ="); !slices.Contains(known["lvsdns-exporter"], key) {
			unknown = append(unknown, key)
		}
	}
	return checked, unknown
}

// isSection reports whether a word begins settings of lvsdns-exporter.
func isSection(word string, settings []string) bool {
	return slices.ContainsFunc(settings, func(s string) bool { return strings.HasPrefix(s, word+".") })
}
