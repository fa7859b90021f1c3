// Package dnstap answers one question: which DNS traffic do the name servers of
// this host say they have?
//
// A name server connects and tells of each query that it got and each response that
// it sent, as dnstap (https://dnstap.info): a stream of frames, each of which is a
// message of protocol buffers with the DNS message in it. What it tells is counted
// as a capture counts packets, by package dnscount, so that a number means the same
// whichever of the two it comes from. It sees what no capture can: DNS over TLS,
// HTTPS and QUIC, and what a name server takes from a card by AF_XDP. It sees
// nothing of what never reached a name server, or left it in fragments.
//
// Whoever may connect is not trusted: sizes, times and numbers of connections are
// bounded, decoders are total, and no name or address is kept longer than a query waits.
package dnstap
