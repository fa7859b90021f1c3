package host

// FlowSysctls are the settings of IPVS that leave clients with a real server that
// serves no more (Documentation/networking/ipvs-sysctl.rst). Both are 0 by default;
// what cannot be found counts as set.
type FlowSysctls struct {
	KeepsRemoved   bool // net.ipv4.vs.expire_nodest_conn is 0
	KeepsQuiescent bool // net.ipv4.vs.expire_quiescent_template is 0
}

// ReadFlowSysctls reads them below root; empty: /.
func ReadFlowSysctls(root string) (FlowSysctls, error) {
	var s FlowSysctls
	removed, err := sysctl(root, "expire_nodest_conn")
	if err != nil {
		return s, err
	}
	quiescent, err := sysctl(root, "expire_quiescent_template")
	if err != nil {
		return s, err
	}
	return FlowSysctls{KeepsRemoved: removed == "0\n", KeepsQuiescent: quiescent == "0\n"}, nil
}
