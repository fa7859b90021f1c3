// Package survey answers one question: how far is the kernel's table from what
// keepalived.conf orders, now? It reads, and changes nothing.
package survey
