// Package vrrp answers one question: which addresses does each vrrp_instance of
// keepalived.conf hold while it is master, and on which interfaces? It gives the
// answer as package notify takes it, which decides from there: the program that
// keepalived starts and the exporter ask here, so that both say the same.
package vrrp
