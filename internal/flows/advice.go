package flows

import "fmt"

// Settings are the sysctls in net.ipv4.vs that decide what becomes of flows; negative: not known.
type Settings struct {
	Conntrack        int64
	ExpireNoDest     int64 // expire_nodest_conn
	ExpireQuiescent  int64 // expire_quiescent_template
	DeletedConntrack bool  // the entries of conntrack were deleted just now
}

// Advice says what to do about flows that IPVS itself holds, in sentences; nil if there is nothing to do. What it says was seen
// on Linux 6.1 (docs/flows.md).
func Advice(t Tally, s Settings) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if t.Removed > 0 {
		add(
			"IPVS itself holds %s to a removed real server: their packets are dropped. Nobody can delete single entries of its table, and to empty it would cut off every client.",
			count(t.Removed, "flow"),
		)
		switch {
		case s.ExpireNoDest > 0:
			add("net.ipv4.vs.expire_nodest_conn is 1: each entry goes with its client's next packet%s.", lost(s))
		default:
			add(
				"Run \"sysctl -w net.ipv4.vs.expire_nodest_conn=1\": each entry then goes with its client's next packet%s. With 0 it stays until IPVS's timeout for UDP (ipvsadm -L --timeout).",
				lost(s),
			)
			add("Set it for good: then IPVS forgets such flows when it loses a real server.")
		}
	}
	if t.Drained > 0 {
		add(
			"IPVS itself holds %s to a real server with weight 0, and goes on sending packets there, whatever the sysctls. To end that take the real server out of the table, with net.ipv4.vs.expire_nodest_conn=1; keepalived does so unless inhibit_on_failure is set.",
			count(t.Drained, "flow"),
		)
	}
	if t.Bound > 0 {
		add(
			"Persistence holds %s to a real server with weight 0, dead or alive: from whatever port they ask they get that one, and each question makes it last. Run \"sysctl -w net.ipv4.vs.expire_quiescent_template=1\": the next question from a new port then gets another real server. Set it for good.",
			count(t.Bound, "client"),
		)
	}
	if s.Conntrack == 0 {
		add("net.ipv4.vs.conntrack is 0: conntrack does not see IPVS's flows, so there is nothing to delete of new ones.")
	}
	return all
}

// lost is what ip_vs_in does with a packet that conntrack takes for one of the old flow (ip_vs_conn_uses_old_conntrack).
func lost(s Settings) string {
	if s.Conntrack > 0 && !s.DeletedConntrack {
		return ", which is lost; not if conntrack's entries are deleted before (--delete)"
	}
	return ""
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
