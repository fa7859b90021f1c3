// Package ownfile has the files that programs of one host share: locks, notes of what was done, what one leaves for another. Programs
// that run as root use them in directories where other users may have been first. So nothing is followed, nothing is waited for, and
// nothing is believed that another user could have written:
//
//   - a name is never followed where it is a symbolic link (O_NOFOLLOW), and a FIFO hangs nobody (O_NONBLOCK, and a look at what was
//     opened);
//   - what is read is a regular file, of root or of this process's user, and not longer than its reader says;
//   - what is written is a new file (O_EXCL, a name that nobody can guess) that takes the place of the old one in one step;
//   - a lock is a file that nobody else can open: flock(2) and a read lock of fcntl(2) take no more than a descriptor.
//
// It is linked into the program that keepalived starts at each change of state, so it needs neither package fmt nor package net, and goes
// to the kernel itself.
package ownfile
