// Package dnscount answers one question: which DNS traffic is in these packets,
// per virtual server?
//
// It is pure. A [Counter] is given frames as a tap saw them, and a [View]: which
// virtual servers there are, how packets reach their real servers, and what this
// host is. It has no clock, reads nothing and starts nothing. All tables have a
// fixed size, and a frame costs no allocation.
//
// Both kinds of host see a query in the same way, as a packet that comes in for a
// virtual server, and a response as one that goes out from it. With NAT the
// director has two copies of each packet; the copies with the client's own view of
// the addresses are counted, so no translation stands between a query and its
// response. The other copies say which real server got the query. With direct
// routing and tunnels a director sees no responses at all, and none are made up: what
// clients do about them (repeat.go, acks.go) is counted as what clients do.
//
// What a peer sends is never trusted: every decoder is total, and what it makes
// of the bytes has a bounded number of names (files names.go and counts.go).
package dnscount
