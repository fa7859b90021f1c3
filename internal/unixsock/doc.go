// Package unixsock has sockets with a name in the file system, made so that the name always leads to somebody who listens, and so that
// the reader knows which user has sent what.
package unixsock

// Nobody is the user of what the kernel does not tell the sender of.
const Nobody = ^uint32(0)
