package drift

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
)

// script looks at one MISC_CHECK, and says whether what it found makes
// keepalived drop the check.
func (c *comparison) script(v *virtual, s *server, k keepalived.Checker) bool {
	p := k.Misc.Path
	if len(p.Dropped) > 0 {
		d := about(ArgumentsDropped, v, s, "is checked by %s alone%s: keepalived drops what stands outside the quotes", p.Program(), at(p.Pos))
		d.Pos = p.Pos
		d.Mend = fmt.Sprintf("put all of it between one pair of quotes: misc_path \"%s …\"", p.Program())
		c.add(d)
	}
	c.room(v, s, k)
	id, ok := site.ScriptOf(k)
	if !ok {
		return false
	}
	f, known := c.Scripts[id]
	if !known {
		return false
	}
	unstartable, refused := c.consequence(v, s, k, false), c.consequence(v, s, k, true)
	report := func(kind Kind, follows, mend string) {
		d := about(kind, v, s, "is checked by %s%s, but %s: %s", id.Path, at(p.Pos), f.Reason, follows)
		d.Pos, d.Mend = p.Pos, mend
		c.add(d)
	}
	const (
		reload  = ", then reload keepalived"
		private = "let root alone own and write the script and every directory above it"
	)
	switch f.State {
	case host.ScriptMissing:
		report(ScriptMissing, unstartable, "install the script"+reload)
	case host.ScriptNotExecutable:
		report(ScriptNotExecutable, unstartable, "chmod +x "+id.Path+reload)
	case host.ScriptUserUnknown:
		report(ScriptUser, refused, "create the user, or set script_user in global_defs"+reload)
	case host.ScriptInsecure:
		if c.Config.Global.ScriptSecurity.V {
			report(ScriptRefused, "with enable_script_security "+refused, private+reload)
			return true
		}
		report(ScriptInsecure, "whoever can change it becomes root, because keepalived runs it as root", private+", and set enable_script_security")
		return false
	case host.ScriptUnknown, host.ScriptFine:
		return false
	}
	return true
}

// consequence is what follows from a script that keepalived does not run. It
// looks at scripts when it reads the configuration, and drops the check then;
// later it takes a check that it could not start for passed ("script errors
// aren't server errors", system_call_script in keepalived's core/notify.c).
func (c *comparison) consequence(v *virtual, s *server, k keepalived.Checker, startable bool) string {
	const (
		always = "the real server stays in service whatever happens to it"
		never  = "alpha makes the real server wait for that check: it never serves"
	)
	hasDropped := s.believed != nil && len(c.Checkers(v.vs, s.rs)) < len(s.rs.Checkers)
	switch {
	case hasDropped && s.believed.Alive:
		return "keepalived has dropped the check: " + always
	case hasDropped:
		return "keepalived has dropped the check, and " + never
	case !startable:
		return "keepalived takes a check that it cannot start for passed: " + always
	case k.Alpha.V:
		return "keepalived drops the check when it reads the configuration, and " + never
	default:
		return "keepalived drops the check when it reads the configuration: " + always
	}
}

const checker = "lvsdns-check"

// checkerTimeout is the default of lvsdns-check --timeout.
const checkerTimeout = 2 * time.Second

// room compares the deadline of lvsdns-check with the moment keepalived kills it.
// Of other scripts nobody knows how long they may take.
func (c *comparison) room(v *virtual, s *server, k keepalived.Checker) {
	argv, limit := k.Misc.Path.Argv, k.Misc.Timeout.V
	if len(argv) == 0 || path.Base(argv[0]) != checker || limit == 0 {
		return
	}
	own := timeoutOf(argv[1:])
	if own < limit {
		return
	}
	d := about(TimeoutNoRoom, v, s, "is checked by %s, which may take %s%s, and keepalived kills it after %s: the log does not tell what was wrong%s",
		checker, own, at(k.Misc.Path.Pos), limit, leaks(k))
	d.Pos = k.Misc.Path.Pos
	d.Mend = fmt.Sprintf("set --timeout below, or misc_timeout (default: delay_loop of the virtual server) above %s", own)
	c.add(d)
}

func leaks(k keepalived.Checker) string {
	if !k.Misc.Dynamic.V {
		return ""
	}
	return ", and with misc_dynamic each kill falsifies the weight"
}

func timeoutOf(args []string) time.Duration {
	for i, a := range args {
		value, ok := strings.CutPrefix(a, "--timeout=")
		if a == "--timeout" && i+1 < len(args) {
			value, ok = args[i+1], true
		}
		if d, err := time.ParseDuration(value); ok && err == nil {
			return d
		}
	}
	return checkerTimeout
}

// silent finds a check that keepalived should run and nobody has heard of.
func (c *comparison) silent(v *virtual, s *server) {
	limit := patience(s.rs)
	if c.Listened <= limit {
		return
	}
	for _, k := range s.rs.Checkers {
		asks, ok := askedBy(k)
		if !ok || c.of(asks, limit) {
			continue
		}
		d := about(CheckSilent, v, s, "is checked by %s%s, which has not been heard of for more than %s: it does not run, or cannot reach the exporter, and then keepalived's view is old", checker, at(k.Pos), limit)
		d.Mend = "look whether keepalived runs the check (its log; ps), and whether the check may write to the exporter's socket"
		c.add(d)
	}
}

// askedBy is the server that an lvsdns-check asks, with port 0 if that is left to the transport.
func askedBy(k keepalived.Checker) (netip.AddrPort, bool) {
	if k.Misc == nil || len(k.Misc.Path.Argv) == 0 || path.Base(k.Misc.Path.Argv[0]) != checker {
		return netip.AddrPort{}, false
	}
	after := ""
	for _, a := range k.Misc.Path.Argv[1:] {
		flag := strings.TrimLeft(after, "-")
		isValue := flag != after && slices.Contains(addressFlags, flag)
		after = a
		if isValue {
			continue
		}
		if s, err := netip.ParseAddrPort(a); err == nil {
			return netip.AddrPortFrom(ipvs.To(s).Addr, s.Port()), true
		}
		if s, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(a, "["), "]")); err == nil {
			return netip.AddrPortFrom(ipvs.To(netip.AddrPortFrom(s, 0)).Addr, 0), true
		}
	}
	return netip.AddrPort{}, false
}

// addressFlags are the flags of lvsdns-check whose value may look like its server.
var addressFlags = []string{"source", "vip", "answer", "nsid", "tls-name"}
