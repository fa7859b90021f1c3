// Package fifo answers one question: what does keepalived write into its FIFOs?
// It reads them for as long as the host is up, in order, through reloads and
// restarts of keepalived, and says when it may have missed something.
//
// keepalived opens a FIFO for reading and writing and never waits: when it is full, lines are lost without a
// word; on a reload it unlinks one that it has made itself and makes another (fifo_open and fifo_close in lib/notify.c).
// So the FIFOs are made here before keepalived needs them, are as large as the kernel allows, and every doubt ends in a look at
// the host.
package fifo
