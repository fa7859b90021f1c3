package conntrack_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/lvsdns/lvsdns/conntrack"
)

// A flow that the kernel still sends to a server which is gone, or which gets no
// new clients, says so.
func ExampleServices() {
	vip := netip.MustParseAddrPort("192.0.2.1:53")
	services := conntrack.NewServices([]conntrack.Service{{
		At: vip,
		Servers: []conntrack.Server{
			{At: netip.MustParseAddrPort("10.0.0.1:53")},
			{At: netip.MustParseAddrPort("10.0.0.2:53"), Drained: true},
		},
	}})
	for _, to := range []string{"10.0.0.1:53", "10.0.0.2:53", "10.0.0.3:53", "192.0.2.1:53"} {
		n, _ := services.Find(vip)
		fmt.Println(to, services.Target(n, vip, netip.MustParseAddrPort(to)))
	}
	// Output:
	// 10.0.0.1:53 serving
	// 10.0.0.2:53 drained
	// 10.0.0.3:53 removed
	// 192.0.2.1:53 untranslated
}

// One pass over the table of this host, whatever its size, in a small buffer. It
// needs CAP_NET_ADMIN, so this one is compiled and not run.
func ExampleClient_Pass() {
	services := []conntrack.Service{{At: netip.MustParseAddrPort("192.0.2.1:53")}}
	pass, err := conntrack.New(conntrack.Config{}).Pass(context.Background(), services, 1_000_000)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, s := range services {
		fmt.Println(s.At, "assured flows:", pass.Services[i].ByState[conntrack.Assured])
	}
}
