// Package notify answers one question: what state is each VRRP instance of this
// host in, and who has been told? It turns what keepalived says (the arguments
// of a script, lines of a FIFO) into events, keeps them in one journal for the
// host, and settles the state of each instance by looking at the addresses.
//
// What keepalived says is a hint. Its scripts run at the same time and in any
// order, after the addresses have moved; its FIFO drops lines when it is full
// (keepalived/vrrp/vrrp_notify.c, lib/notify.c). The addresses are the truth,
// and where there are none to look at, the newest event is the next best.
//
// This package is linked into the program that keepalived starts at each change
// of state, so it stays small: no net, no YAML, no keepalived.conf. What acts on
// the settled state is in notify/act, what reads FIFOs in notify/fifo.
package notify
