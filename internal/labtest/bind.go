package labtest

import (
	"fmt"
	"net/netip"
	"strings"
)

// bind: a zone without a master file is SERVFAIL, a zone not configured is REFUSED
// because recursion is off.
func (s setup) bind() server {
	v4, v6 := "", ""
	for _, a := range s.listen {
		if a.Is4() {
			v4 += a.String() + "; "
		} else {
			v6 += a.String() + "; "
		}
	}
	conf := []string{
		"options {",
		fmt.Sprintf("  directory %q;", s.dir),
		"  listen-on { " + v4 + "};",
		"  listen-on-v6 { " + v6 + "};",
		"  pid-file none;",
		"  lock-file none;",
		fmt.Sprintf("  session-keyfile %q;", s.dir+"/session.key"),
		"  recursion no;",
		"  dnssec-validation no;",
		"  notify no;",
		"};",
		"controls { };",
	}
	for _, z := range s.good {
		conf = append(conf, fmt.Sprintf("zone %q { type primary; file \"zone\"; };", z))
	}
	for _, z := range s.servfail {
		conf = append(conf, fmt.Sprintf("zone %q { type primary; file \"missing\"; };", z))
	}
	return server{
		files: map[string]string{"named.conf": lines(conf...), "zone": zoneFile()},
		args:  []string{"-g", "-n", "1", "-c", s.dir + "/named.conf"},
	}
}

// join writes addresses in the way of one program: each one formatted, then joined.
func join(addrs []netip.Addr, format, sep string) string {
	var all []string
	for _, a := range addrs {
		all = append(all, fmt.Sprintf(format, a))
	}
	return strings.Join(all, sep)
}
