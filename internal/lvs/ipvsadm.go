package lvs

import (
	"fmt"
	"net/netip"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// ServiceArgument names a service as ipvsadm(8) takes it.
func ServiceArgument(k ipvs.ServiceKey) string {
	switch {
	case k.FWMark != 0 && k.Family == ipvs.IPv6:
		return fmt.Sprintf("-f %d -6", k.FWMark)
	case k.FWMark != 0:
		return fmt.Sprintf("-f %d", k.FWMark)
	}
	option := map[ipvs.Protocol]string{ipvs.TCP: "-t", ipvs.UDP: "-u", ipvs.SCTP: "--sctp-service"}[k.Protocol]
	return fmt.Sprintf("%s %s", option, netip.AddrPortFrom(k.Addr, k.Port))
}

// ServerArgument names a real server as ipvsadm(8) takes it after -r; it leaves out port 0, which ipvsadm does not take.
func ServerArgument(k ipvs.DestinationKey) string {
	if k.Port == 0 {
		if k.Addr.Is6() {
			return "[" + k.Addr.String() + "]"
		}
		return k.Addr.String()
	}
	return k.String()
}
