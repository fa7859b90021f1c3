package labtest

// knot: a zone without a master file is SERVFAIL, a zone not configured is REFUSED.
func (s setup) knot() server {
	conf := []string{
		"server:",
		"  rundir: " + s.dir,
		"  user: root",
		"  listen: [" + join(s.listen, "%s@53", ", ") + "]",
		"  udp-workers: 1",
		"  tcp-workers: 1",
		"  background-workers: 1",
		"database:",
		"  storage: " + s.dir,
		"log:",
		"  - target: stderr",
		"    any: info",
		"template:",
		"  - id: default",
		"    storage: " + s.dir,
		"    journal-content: none",
		"    zonefile-sync: -1",
	}
	if s.dnstap != "" {
		conf = append(conf, "    global-module: mod-dnstap/tell")
		tell := []string{"mod-dnstap:", "  - id: tell", "    sink: unix:" + s.dnstap, "    log-queries: on", "    log-responses: on"}
		conf = append(tell, conf...) // templates name what is above them
	}
	conf = append(conf, "zone:")
	for _, z := range s.good {
		conf = append(conf, "  - domain: "+z, "    file: zone")
	}
	for _, z := range s.servfail {
		conf = append(conf, "  - domain: "+z, "    file: missing")
	}
	return server{
		files: map[string]string{"knot.conf": lines(conf...), "zone": zoneFile(outsideView)},
		args:  []string{"-c", s.dir + "/knot.conf"},
	}
}
