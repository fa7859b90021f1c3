// Package journal keeps the host's one record of what became of its VRRP
// instances: a file that is replaced as a whole under a lock, safe against any
// number of writers at once and against the end of any of them at any moment.
// What is in it is the model of package notify.
//
// Events are in the order in which keepalived made them, by the time since boot
// ([SinceBoot]) and within one boot ([BootID]).
package journal
