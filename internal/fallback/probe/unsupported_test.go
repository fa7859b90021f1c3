package probe_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/fallback/probe"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// What no probe can be made of is refused with its place and with what mends it, and never taken for a check that passes.
func TestUnsupported(t *testing.T) {
	url := func(options string) string { return "HTTP_GET {\n url {\n path /\n " + options + "\n}\n}" }
	for _, c := range []struct{ name, checker, want string }{
		{"label", "DNS_CHECK {\n name " + strings.Repeat("a", 64) + ".example\n}", "has a label of 64 bytes, and 1 to 63 can be asked for; correct it"},
		{"name", "DNS_CHECK {\n name " + strings.Repeat("abcdefg.", 33) + "\n}", "is longer than 255 bytes; correct it"},
		{"session", "BFD_CHECK {\n name b\n}", "BFD_CHECK: the BFD session belongs to keepalived; use another check"},
		{"regex", url(`regex "(?=x)"`), "regex: only what RE2 knows is supported"},
		{"regex options", url("regex \"x\"\n regex_options nocase"), "regex_options: this option of a regex is not supported; write the regex without it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "bfd_instance b {\n neighbor_ip 192.0.2.9\n}\nvirtual_server 192.0.2.1 53 {\n protocol TCP\n lb_kind NAT\n delay_loop 9\nreal_server 127.0.0.1 53 {\n" + c.checker + "\n}\n}\n"
			config, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text)}}, ConfigID: "x"})
			if err != nil {
				t.Fatal(err)
			}
			checks := health.New(config, keepalived.State{}, health.Options{}).Checks()
			if len(checks) != 1 {
				t.Fatalf("%d checks: %v", len(checks), config.Notes)
			}
			p, err := probe.New(checks[0], options())
			var unsupported *probe.Unsupported
			if p != nil || !errors.As(err, &unsupported) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "/k.conf:") {
				t.Errorf("%v; want an error with: %s", err, c.want)
			}
		})
	}
}
