// Package truth answers one question: what is so on this host, whatever
// keepalived has said? keepalived.conf says which instance has which addresses,
// and the kernel which real servers get clients.
package truth
