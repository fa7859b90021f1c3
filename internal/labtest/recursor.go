package labtest

import (
	"fmt"
	"strings"
)

// recursor: SERVFAIL comes from a forwarder that nobody listens on, REFUSED from
// a Lua hook.
func (s setup) recursor() server {
	var auth, forward []string
	for _, z := range s.good {
		auth = append(auth, z+"="+s.dir+"/zone")
	}
	for _, z := range s.servfail {
		forward = append(forward, z+"=127.0.0.1:9")
	}
	conf := []string{
		"local-address=" + join(s.listen, "%s", ","),
		"socket-dir=" + s.dir,
		"setuid=",
		"setgid=",
		"daemon=no",
		"disable-syslog=yes",
		"write-pid=no",
		"threads=1",
		"pdns-distributes-queries=no",
		"allow-from=0.0.0.0/0,::/0",
		"dont-query=",
		"dnssec=off",
		"security-poll-suffix=",
		"auth-zones=" + strings.Join(auth, ","),
		"forward-zones=" + strings.Join(forward, ","),
		"lua-dns-script=" + s.dir + "/hook.lua",
	}
	if s.split.Subnet != "" {
		// The packet cache answers before the hook, whatever the subnet.
		conf = append(conf, "use-incoming-edns-subnet=yes", "disable-packetcache=yes")
	}
	args := []string{"--config-dir=" + s.dir}
	if release() >= 13 { // from 5.2 on the Recursor wants YAML, or this
		args = append(args, "--enable-old-settings")
	}
	return server{
		files: map[string]string{"recursor.conf": lines(conf...), "hook.lua": s.hook(), "zone": zoneFile(outsideView)},
		args:  args,
	}
}

// hook answers before the recursor looks anywhere.
func (s setup) hook() string {
	script := []string{"function preresolve(dq)"}
	if s.split.Subnet != "" && len(s.good) > 0 {
		script = append(script,
			fmt.Sprintf("  local inside = newNMG() inside:addMask(%q)", s.split.Subnet),
			"  local client = dq:getEDNSSubnet()",
			fmt.Sprintf("  if dq.qname:equal(%q) and client and inside:match(client:getNetwork()) then", ViewName),
			fmt.Sprintf("    dq:addAnswer(pdns.TXT, '%q')", insideView),
			"    return true",
			"  end")
	}
	for _, z := range s.refused {
		script = append(script, fmt.Sprintf("  if dq.qname:isPartOf(newDN(%q)) then dq.rcode = pdns.REFUSED return true end", z))
	}
	return lines(append(script, "  return false", "end")...)
}
