//go:build prove

package dnstap

import "testing"

var others = []software{
	{"nsd", "-d -c %[1]s/conf", `server:
  username: ""
  chroot: ""
  database: ""
  zonesdir: %[1]s
  pidfile: %[1]s/pid
  xfrdfile: %[1]s/xfrd
  zonelistfile: %[1]s/zones
  server-count: 2
  rrl-ratelimit: 0
  ip-address: 192.0.2.53
  ip-address: 2001:db8::53
remote-control:
  control-enable: no
dnstap:
  dnstap-enable: yes
  dnstap-socket-path: %[2]s
  dnstap-log-auth-query-messages: yes
  dnstap-log-auth-response-messages: yes
zone:
  name: example.com
  zonefile: zone
zone:
  name: servfail.test
  zonefile: missing
`, false, 24, ""},
	{"knotd", "-c %[1]s/conf", `server:
  rundir: %[1]s
  user: root
  listen: [192.0.2.53@53, 2001:db8::53@53]
database:
  storage: %[1]s
log:
  - target: stderr
    any: info
mod-dnstap:
  - id: tell
    sink: unix:%[2]s
    log-queries: on
    log-responses: on
template:
  - id: default
    storage: %[1]s
    journal-content: none
    zonefile-sync: -1
    global-module: mod-dnstap/tell
zone:
  - domain: example.com
    file: zone
  - domain: servfail.test
    file: missing
`, false, 0, ""},
	// It needs a name server behind it, which does not tell.
	{"sh", "%[1]s/conf", `
cat >%[1]s/nsd.conf <<C
server:
  username: ""
  chroot: ""
  database: ""
  zonesdir: %[1]s
  pidfile: %[1]s/pid
  xfrdfile: %[1]s/xfrd
  zonelistfile: %[1]s/zones
  server-count: 1
  rrl-ratelimit: 0
  ip-address: 127.0.0.1@5300
remote-control:
  control-enable: no
zone:
  name: example.com
  zonefile: zone
zone:
  name: servfail.test
  zonefile: missing
C
cat >%[1]s/dd.conf <<C
setLocal("192.0.2.53:53")
addLocal("[2001:db8::53]:53")
setACL({"0.0.0.0/0", "::/0"})
newServer({address="127.0.0.1:5300", healthCheckMode="up"})
tell = newFrameStreamUnixLogger("%[2]s")
addAction(AllRule(), DnstapLogAction("dnsdist", tell))
addResponseAction(AllRule(), DnstapLogResponseAction("dnsdist", tell))
C
nsd -d -c %[1]s/nsd.conf &
exec dnsdist --supervised --disable-syslog -C %[1]s/dd.conf
`, false, 0, "dnsdist"},
}

// TestServersAll is TestServers with the other programs of Debian that tell of what they say to clients.
func TestServersAll(t *testing.T) { tellAll(t, others) }
