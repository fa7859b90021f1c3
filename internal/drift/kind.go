package drift

// Kind is what sort of difference this is. The set is closed and the names are
// stable: they are values of a metric's label.
type Kind string

// The kinds, in the order of the summary.
const (
	ConfigFatal    Kind = "configuration_fatal"
	ConfigLost     Kind = "configuration_lost"
	ConfigIgnored  Kind = "configuration_ignored"
	ConfigAdjusted Kind = "configuration_adjusted"
	NotReloaded    Kind = "not_reloaded"

	ServiceMissing Kind = "virtual_server_missing"
	ServiceExtra   Kind = "virtual_server_extra"
	Scheduler      Kind = "scheduler"
	Flags          Kind = "flags"
	Persistence    Kind = "persistence"

	ServerMissing  Kind = "real_server_missing"
	ServerExtra    Kind = "real_server_extra"
	ServerServing  Kind = "real_server_down_but_serving"
	ServerDown     Kind = "real_server_down"
	Weight         Kind = "weight"
	WeightStuck    Kind = "weight_stuck_at_zero"
	WeightLeaked   Kind = "weight_leaked"
	Forwarding     Kind = "forwarding"
	Thresholds     Kind = "thresholds"
	Unchecked      Kind = "unchecked"
	NotAlpha       Kind = "not_alpha"
	NoChecker      Kind = "no_checker"
	CheckerDropped Kind = "checker_dropped"

	ScriptMissing       Kind = "script_missing"
	ScriptNotExecutable Kind = "script_not_executable"
	ScriptRefused       Kind = "script_refused"
	ScriptInsecure      Kind = "script_insecure"
	ScriptUser          Kind = "script_user_unknown"
	ArgumentsDropped    Kind = "arguments_dropped"
	TimeoutNoRoom       Kind = "timeout_no_room"
	CheckSilent         Kind = "check_silent"

	OneServer        Kind = "scheduler_to_one_server"
	HashToZero       Kind = "hash_to_weight_zero"
	PersistentToZero Kind = "persistence_to_weight_zero"
	FlowsOutlive     Kind = "flows_outlive_server"

	EstimatorFrozen Kind = "estimator_frozen"
	BeliefAbsent    Kind = "state_dump_absent"
	BeliefUnread    Kind = "state_dump_unread"
)

// Severity is how much a difference matters.
type Severity string

// The severities. Info is nothing that anybody has to mend now.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// kinds is the closed set: what each kind weighs, and what it means to whoever
// reads the documentation.
var kinds = []struct {
	kind     Kind
	severity Severity
	meaning  string
}{
	{ConfigFatal, Critical, "keepalived does not start or reload with this configuration"},
	{ConfigLost, Critical, "keepalived leaves out a whole block, such as a virtual server: nothing else reports that"},
	{ConfigIgnored, Warning, "keepalived skips part of the configuration, or reads it in another way than it looks"},
	{ConfigAdjusted, Info, "keepalived replaces a setting with another"},
	{NotReloaded, Warning, "the configuration was edited and keepalived still runs with an older one"},
	{ServiceMissing, Critical, "a configured virtual server is not in the kernel: its clients get no answer"},
	{ServiceExtra, Warning, "the kernel has a virtual server that is not configured"},
	{Scheduler, Warning, "the kernel spreads clients with another scheduler than configured"},
	{Flags, Warning, "one-packet scheduling or a flag of the scheduler differs"},
	{Persistence, Warning, "the time, netmask or engine of persistence differs"},
	{ServerMissing, Critical, "a real server is not in the kernel, and no failed check explains it"},
	{ServerExtra, Warning, "the kernel sends clients to a real server that is not configured"},
	{ServerServing, Critical, "keepalived believes that a real server is down, and the kernel sends it clients"},
	{ServerDown, Info, "a real server is out, and a failed check explains it or may explain it"},
	{Weight, Warning, "the kernel uses another weight than keepalived believes or the configuration says"},
	{WeightStuck, Critical, "a healthy real server has weight 0 in the kernel and keepalived will never raise it"},
	{WeightLeaked, Warning, "keepalived has added up the weights of its dynamic checks wrongly"},
	{Forwarding, Critical, "the kernel reaches a real server by another forwarding method or tunnel"},
	{Thresholds, Warning, "the connection thresholds of the configuration are not in the kernel"},
	{Unchecked, Warning, "a real server gets clients although none of its checks has run yet"},
	{NotAlpha, Info, "real servers serve unchecked after each start, until their first check"},
	{NoChecker, Warning, "nothing checks a real server: it is in service whatever happens to it"},
	{CheckerDropped, Critical, "keepalived has dropped a configured check: nothing takes the real server out"},
	{ScriptMissing, Critical, "the script of a check does not exist or cannot be reached: the check always passes"},
	{ScriptNotExecutable, Critical, "the script of a check cannot be executed: the check always passes"},
	{ScriptRefused, Critical, "keepalived refuses the script of a check as insecure and drops the check"},
	{ScriptInsecure, Warning, "somebody other than root can change a script that root runs"},
	{ScriptUser, Critical, "the user of a check's script does not exist: keepalived drops the check"},
	{ArgumentsDropped, Warning, "the arguments of a script stand outside the quotes, and keepalived drops them"},
	{TimeoutNoRoom, Warning, "keepalived kills the check before it can say what it found"},
	{CheckSilent, Warning, "a configured check has not reported for several of its intervals"},
	{OneServer, Warning, "the scheduler sends all queries to one of several real servers"},
	{HashToZero, Warning, "the scheduler refuses the clients of a real server that gets weight 0"},
	{PersistentToZero, Warning, "persistence keeps clients with a real server of weight 0, dead or alive"},
	{FlowsOutlive, Warning, "UDP clients with a fixed source port get no answer after their real server is removed"},
	{EstimatorFrozen, Warning, "the kernel's counters stand still: IPVS metrics are worth nothing"},
	{BeliefAbsent, Critical, "keepalived did not write its state dump when asked: it does not run, or its checker process hangs"},
	{BeliefUnread, Info, "part of keepalived's state dump could not be read"},
}

// Kinds lists all kinds, in the order of the summary.
func Kinds() []Kind {
	list := make([]Kind, len(kinds))
	for i, k := range kinds {
		list[i] = k.kind
	}
	return list
}

// Severity is how much differences of this kind matter.
func (k Kind) Severity() Severity { return kinds[k.index()].severity }

// Meaning is one sentence on what the kind is, for documentation and help texts.
func (k Kind) Meaning() string { return kinds[k.index()].meaning }

func (k Kind) index() int {
	for i := range kinds {
		if kinds[i].kind == k {
			return i
		}
	}
	panic("drift: unknown kind " + string(k))
}

// Summary counts differences by kind; every kind is there, also those with none.
func Summary(found []Difference) map[Kind]int {
	counts := make(map[Kind]int, len(kinds))
	for _, k := range kinds {
		counts[k.kind] = 0
	}
	for _, d := range found {
		counts[d.Kind]++
	}
	return counts
}

// Worst is the highest severity among the differences, Info if there are none.
func Worst(found []Difference) Severity {
	worst := Info
	for _, d := range found {
		if d.Severity().rank() > worst.rank() {
			worst = d.Severity()
		}
	}
	return worst
}

func (s Severity) rank() int {
	switch s {
	case Critical:
		return 2
	case Warning:
		return 1
	case Info:
		return 0
	default:
		panic("drift: unknown severity " + string(s))
	}
}
