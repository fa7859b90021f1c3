// Package plan answers one question: which writes bring the kernel's IPVS table
// to what keepalived.conf orders, given what is known of the real servers?
//
// [Make] is pure. The steps are in an order that leaves no service without real
// servers on the way: what is missing is added and what is wrong is changed,
// service by service, and only then something is removed. Nothing is flushed,
// and nothing is deleted to be added again.
//
// What keepalived.conf does not name belongs to somebody else. It is never
// touched; inside a service that keepalived.conf names it is reported.
package plan
