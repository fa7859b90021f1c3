// Package flows answers one question: what do the kernel's two tables remember
// of UDP flows to each virtual server, does it mean anything, and what frees a
// client from a real server that is gone?
//
// The two are IPVS's own table of connections, which says where a packet goes,
// and conntrack's, which stands beside it for those who filter and translate.
// Single entries of the first cannot be deleted by anybody; those of the second
// can. The package reads nothing: it joins what is handed in.
package flows
