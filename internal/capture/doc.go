// Package capture answers one question: which packets of DNS pass this host's
// network cards, and what is that answer worth?
//
// A [Capture] reads a ring of the kernel (packet(7), TPACKET_V3) for each physical
// card and gives what it finds to a [dnscount.Counter]. It never listens on the
// pseudo device "any", nor on what is stacked on a card: both have second copies.
// The kernel's filter is made from the virtual servers and lets nothing else through.
//
// When packets come faster than they are counted it says so, and takes a sample of
// whole exchanges. It observes only: it never puts a card into promiscuous mode and sends nothing.
package capture
