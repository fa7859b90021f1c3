package drift

// estimator finds what stops the counters of IPVS.
func (c *comparison) estimator() {
	var why, mend string
	switch e := c.Estimator; {
	case e.Sysctls.Off:
		why, mend = "sysctl net.ipv4.vs.run_estimation is 0", "sysctl -w net.ipv4.vs.run_estimation=1"
	case e.Sysctls.NoCPU:
		why, mend = "sysctl net.ipv4.vs.est_cpulist names no processor", "write the processors that may count to net.ipv4.vs.est_cpulist, for example 0"
	case e.Stalled:
		why, mend = "packets pass and the counters do not move", "look at the kernel's log and at the threads ipvs-e (ps -e)"
	default:
		return
	}
	c.add(Difference{Kind: EstimatorFrozen, Text: "the counters of IPVS stand still: " + why, Mend: mend})
}
