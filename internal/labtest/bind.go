package labtest

import "fmt"

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
		fmt.Sprintf("  session-keyfile %q;", s.dir+"/session.key"),
		"  recursion no;",
		"  dnssec-validation no;",
		"  notify no;",
	}
	if s.closed {
		conf = append(conf, "  allow-query { "+v4+v6+"};")
	}
	if s.dnstap != "" {
		conf = append(conf, "  dnstap { auth; client; };", fmt.Sprintf("  dnstap-output unix %q;", s.dnstap))
	}
	conf = append(conf,
		"};",
		"controls { };",
	)
	if release() < 13 { // BIND 9.20 has no lock file, and no option for it
		conf = append(conf[:2], append([]string{"  lock-file none;"}, conf[2:]...)...)
	}
	zones := func(file string) []string {
		var z []string
		for _, name := range s.good {
			z = append(z, fmt.Sprintf("zone %q { type primary; file %q; };", name, file))
		}
		for _, name := range s.servfail {
			z = append(z, fmt.Sprintf("zone %q { type primary; file \"missing\"; };", name))
		}
		return z
	}
	if s.split == (Split{}) {
		conf = append(conf, zones(outsideView)...)
	} else {
		conf = append(conf, s.split.key(), "view inside {", "match-clients { "+s.split.clients()+" };")
		conf = append(conf, zones(insideView)...)
		conf = append(conf, "};", "view outside {")
		conf = append(conf, zones(outsideView)...)
		conf = append(conf, "};")
	}
	return server{
		files: map[string]string{
			"named.conf": lines(conf...),
			insideView:   zoneFile(insideView),
			outsideView:  zoneFile(outsideView),
		},
		args: []string{"-g", "-n", "1", "-c", s.dir + "/named.conf"},
	}
}
