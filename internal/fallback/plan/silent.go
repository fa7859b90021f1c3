package plan

import (
	"fmt"
	"strings"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Silent says what of a configuration nobody is told of, or nothing runs for, while keepalived's checker is away: one line each. The table does
// not depend on it.
func Silent(c *keepalived.Config) []string {
	var list []string
	note := func(pos keepalived.Pos, text string) { list = append(list, pos.String()+": "+text) }
	g := &c.Global
	mails := "nobody gets mail about real servers and quorums from lvsdns-fallback; use an alert on lvsdns_fallback_real_servers"
	for _, v := range []keepalived.Value[bool]{g.SMTPAlert, g.SMTPAlertChecker} {
		if v.V {
			note(v.Pos, "smtp_alert: "+mails)
		}
	}
	for i := range c.VirtualServers {
		v := &c.VirtualServers[i]
		if v.SMTPAlert.V && v.SMTPAlert.IsSet() {
			note(v.SMTPAlert.Pos, "smtp_alert: "+mails)
		}
		for j := range v.RealServers {
			if a := v.RealServers[j].SMTPAlert; a.V && a.IsSet() {
				note(a.Pos, "smtp_alert: "+mails)
			}
		}
	}
	for _, f := range []keepalived.Value[keepalived.FIFO]{g.NotifyFIFO, g.LVSFIFO} {
		if f.V.Script.IsSet() {
			note(f.Pos, fmt.Sprintf("the script that keepalived starts to read %s is not started by lvsdns-fallback, which writes to the FIFO if it is there; run the reader as a service of its own", f.V.Path))
		}
	}
	for _, s := range g.Other {
		if len(s.Words) > 0 && strings.HasPrefix(s.Words[0], "enable_snmp_checker") {
			note(s.Pos, s.Words[0]+": lvsdns-fallback does not speak SNMP; lvsdns-exporter has the numbers")
		}
	}
	return list
}
