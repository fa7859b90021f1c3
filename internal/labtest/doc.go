// Package labtest draws a small network inside the lab's guest and puts real
// programs on it, so that a test reads like the drawing:
//
//	            client 192.168.1.50
//	               |
//	---- lan 192.168.1.0/24 ---------------------------
//	     |                     |                   |
//	  director              dns1                dns2
//	  192.168.1.11          192.168.1.21        192.168.1.22
//	  VIP 192.168.1.100     VIP on lo           VIP on lo
//
// is
//
//	lab := labtest.New(t)
//	lan := lab.LAN("lan", "192.168.1.0/24")
//	director := lab.Director("director", lan.At("192.168.1.11"))
//	dns1 := lab.RealServer("dns1", lan.At("192.168.1.21")).DR("192.168.1.100")
//	dns2 := lab.RealServer("dns2", lan.At("192.168.1.22")).DR("192.168.1.100")
//	client := lab.Client("client", lan.At("192.168.1.50"))
//
//	bad := dns1.NameServer(labtest.NSD)
//	dns2.NameServer(labtest.BIND)
//	director.Keepalived(conf)
//	lab.WaitFor("both serve", 10*time.Second, func() bool {
//		return len(director.IPVS().Where("192.168.1.21")) == 2
//	})
//	bad.Break(labtest.Servfail)
//
// Every host is a network namespace with a veth pair to the bridge. IPVS is per
// namespace, so two directors fit in one guest. Everything that was started is
// ended when the test ends.
//
// What builds or operates the drawing ends the test on an error; what asks
// (Run, Ask, Dig) returns it. The first kind must be called from the goroutine
// that made the Lab, as testing.T.Fatal demands. The names of hosts are global in the
// guest, so labs cannot run in parallel.
//
// Nothing here works outside the lab: it changes addresses, routes and the IPVS
// table of the kernel it runs on, so New refuses when LVSDNS_LAB is not set.
package labtest
