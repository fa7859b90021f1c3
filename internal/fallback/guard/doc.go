// Package guard keeps the kernel's IPVS table at one programmer.
//
// keepalived refuses to start its checker process while somebody has the
// checkers pidfile: before 2.3.2 when the process in it lives
// (process_running in pidfile.c), from 2.3.2 on when the file is locked
// (create_pidfile). [Acquire] does both, besides a lock of our own. Neither holds back a
// keepalived that already runs: its parent starts the checker again whenever
// that dies, and asks nobody. So [Rival] looks for such a parent first.
//
// Against everybody else, an operator with ipvsadm for one, no lock helps: see
// [Foreign].
package guard
