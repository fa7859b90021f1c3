// Package notify answers one question: what state is each VRRP instance of this
// host in, and who has been told? It is the model: an [Event] is what keepalived
// says of a [Subject], a [Document] is all that is known of the host, and
// [Document.Settle] decides the state of each subject by the addresses that the
// host holds. It reads nothing and writes nothing.
//
// What keepalived says is a hint. Its scripts run at the same time and in any
// order, after the addresses have moved; its FIFO drops lines when it is full
// (keepalived/vrrp/vrrp_notify.c, lib/notify.c). The addresses are the truth,
// and where there are none to look at, the newest event is the next best.
//
// The packages below keep and use it: notify/journal is the file on the host,
// notify/hook the program that keepalived starts at each change of state,
// notify/fifo reads keepalived's FIFOs, notify/act does what has to be done in a
// state, and notify/show writes the journal for people. All that a hook links is
// small: no net, no fmt, no YAML, no keepalived.conf.
package notify
