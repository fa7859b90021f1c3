// Package ipvs answers one question: what does the kernel's IPVS table hold? It
// also writes that table, with the same values.
//
// Client speaks generic netlink (family "IPVS", include/uapi/linux/ip_vs.h) and
// needs CAP_NET_ADMIN: the kernel demands it for reading too. Proc reads what
// everybody may read below /proc/net, which is less: no traffic of a single
// service or real server, no thresholds, no persistence engine.
//
// Values cross the border of this package, sockets do not. ServiceKey and
// DestinationKey are comparable: they are what the kernel looks a service or
// a destination up by. In this package's words a service is keepalived's virtual
// server, and a destination is a real server.
//
// # What the numbers mean
//
// Counters and rates move when the kernel's estimator runs, every two seconds;
// with sysctl net.ipv4.vs.run_estimation=0 they stand still. With direct
// routing and tunnels replies bypass the director, so Out counters stay zero
// whatever the real server does. A UDP flow is always "inactive", and a one-packet service
// counts no connections of either kind (net/netfilter/ipvs/ip_vs_proto_udp.c, ip_vs_conn.c).
package ipvs
