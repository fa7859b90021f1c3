package plan

import (
	"fmt"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// daemon is lvs_sync_daemon. One that follows a vrrp_instance belongs to keepalived's VRRP process; without an
// instance the checker process runs both roles (checker_ipvs_syncd_needed in check_daemon.c). A daemon with
// other settings would have to be stopped first, which interrupts it, so it is an operator's decision.
func (m *maker) daemon() {
	c := m.Config.Global.SyncDaemon
	if !c.IsSet() || c.V.Instance != "" {
		return
	}
	for _, role := range []ipvs.DaemonRole{ipvs.Master, ipvs.Backup} {
		want := ipvs.Daemon{
			Role: role, Interface: c.V.Interface, SyncID: uint32(c.V.ID), MaxLength: c.V.MaxLen, Group: c.V.Group, Port: c.V.Port, TTL: c.V.TTL,
		}
		found := false
		for _, has := range m.Daemons {
			if has.Role != role {
				continue
			}
			found = true
			if has.Interface != want.Interface || has.SyncID != want.SyncID {
				m.keep(Kept{Text: fmt.Sprintf("sync daemon %s: the configuration (%s) has %s: stop it by hand: ipvsadm --stop-daemon %s", daemonWords(has), c.Pos, daemonWords(want), role)})
			}
		}
		if !found {
			m.add(Step{Action: StartDaemon, Service: &ipvs.Service{}, Daemon: &want, Pos: c.Pos, Text: daemonWords(want) + ": does not run"})
		}
	}
}
