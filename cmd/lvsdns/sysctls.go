package main

import "github.com/lvsdns/lvsdns/internal/host"

// sysctls are the settings of the kernel that drift judges.
func sysctls(root string) (host.EstimatorSysctls, host.FlowSysctls, error) {
	e, err := host.ReadEstimatorSysctls(root)
	if err != nil {
		return e, host.FlowSysctls{}, err
	}
	f, err := host.ReadFlowSysctls(root)
	return e, f, err
}
