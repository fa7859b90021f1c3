package labtest

import "strings"

// unbound: SERVFAIL comes from a forwarder that it may not ask (do-not-query-localhost is on
// by default), REFUSED from a local zone.
func (s setup) unbound() server {
	conf := []string{
		"server:",
		"  username: \"\"",
		"  chroot: \"\"",
		"  directory: " + s.dir,
		"  pidfile: \"\"",
		"  use-syslog: no",
		"  num-threads: 1",
		"  module-config: iterator",
		// It shuffles all ports that it may send from, one system call each: seconds in the guest.
		"  outgoing-port-avoid: 0-65535",
		"  outgoing-port-permit: 50000-50099",
		"  local-zone: test. nodefault", // RFC 6761 names are answered by unbound itself
	}
	allowed := []string{"0.0.0.0/0", "::/0"}
	if s.closed { // its default for all but 127.0.0.0/8 and ::1 is refuse
		allowed = strings.Split(join(s.listen, "%s", " "), " ")
	}
	for _, a := range allowed {
		conf = append(conf, "  access-control: "+a+" allow")
	}
	for _, a := range s.listen {
		conf = append(conf, "  interface: "+a.String())
	}
	for _, z := range s.refused {
		conf = append(conf, "  local-zone: "+z+" always_refuse")
	}
	conf = append(conf, "remote-control:", "  control-enable: no")
	for _, z := range s.good {
		conf = append(conf, "auth-zone:", "  name: "+z, "  zonefile: zone")
	}
	for _, z := range s.servfail {
		conf = append(conf, "forward-zone:", "  name: "+z, "  forward-addr: 127.0.0.1")
	}
	if s.dnstap != "" {
		conf = append(conf, "dnstap:", "  dnstap-enable: yes", "  dnstap-socket-path: "+s.dnstap,
			"  dnstap-log-client-query-messages: yes", "  dnstap-log-client-response-messages: yes")
	}
	return server{
		files: map[string]string{"unbound.conf": lines(conf...), "zone": zoneFile(outsideView)},
		args:  []string{"-d", "-c", s.dir + "/unbound.conf"},
	}
}
