// Package lvs says in IPVS's terms what keepalived asks for, and names virtual
// and real servers the way the metrics and ipvsadm(8) do. It is pure: nothing is
// read here.
package lvs
