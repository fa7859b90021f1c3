package labtest

import "strings"

// nsd: a zone without a master file is SERVFAIL, a zone not configured is REFUSED.
func (s setup) nsd() server {
	conf := []string{
		"server:",
		"  username: \"\"",
		"  chroot: \"\"",
		"  database: \"\"",
		"  zonesdir: " + s.dir,
		"  pidfile: " + s.dir + "/nsd.pid",
		"  xfrdfile: " + s.dir + "/xfrd.state",
		"  zonelistfile: " + s.dir + "/zone.list",
		"  server-count: 1",
		"  rrl-ratelimit: 0", // the default limits each client to 200 answers a second
		// Tables for rate limits and zone transfers, of which there are none: filling them
		// takes seconds in the guest.
		"  rrl-size: 1",
		"  xfrd-tcp-max: 1",
		"  xfrd-tcp-pipeline: 1",
	}
	for _, a := range s.listen {
		conf = append(conf, "  ip-address: "+a.String())
	}
	conf = append(conf, "remote-control:", "  control-enable: no")
	for _, z := range s.good {
		conf = append(conf, "zone:", "  name: "+z, "  zonefile: zone")
		if s.closed {
			conf = append(conf, strings.Split(join(s.listen, "  allow-query: %s NOKEY", "\n"), "\n")...)
		}
	}
	for _, z := range s.servfail {
		conf = append(conf, "zone:", "  name: "+z, "  zonefile: missing")
	}
	if s.dnstap != "" {
		conf = append(conf, "dnstap:", "  dnstap-enable: yes", "  dnstap-socket-path: "+s.dnstap,
			"  dnstap-log-auth-query-messages: yes", "  dnstap-log-auth-response-messages: yes")
	}
	return server{
		files: map[string]string{"nsd.conf": lines(conf...), "zone": zoneFile(outsideView)},
		args:  []string{"-d", "-c", s.dir + "/nsd.conf"},
	}
}
