// Package conntrack answers one question: what does the kernel remember of UDP
// flows to each virtual server?
//
// The table may have millions of entries, so nobody holds it: [Client.Pass]
// reads it once, in the kernel's own order, counts what it meets where it lies
// in one small buffer, and forgets it. [Client.Flows] hands out single flows in
// the same way, and [Client.Delete] deletes those that it is given, one by one.
//
// The kernel is never asked to filter. It walks the table with softirqs off
// until a datagram is full; with a filter that rarely matches, another
// namespace's entries or only one address family that takes a quarter of a
// second at a million entries, and packets wait. Small datagrams of everything
// take some 100 µs each. docs/decisions/0009-conntrack-in-one-stream.md has the
// measurements.
package conntrack
