// Package keepalived answers two questions about keepalived without asking it:
// what does its configuration order, and what does it believe?
//
// [Load] reads keepalived.conf the way keepalived does: the same includes,
// conditions, definitions and sequences, the same inheritance from virtual
// server to real server to checker, the same corrections of what it finds
// inconsistent. Every value of the [Config] says which line it comes from, and
// whatever keepalived skips, corrects or misreads is a [Note] with its place.
// Nothing is dropped in silence, and nothing that keepalived would run with is
// an error.
//
// [Config.Desired] expands the configuration into the IPVS table that
// keepalived programs from it.
//
// [ParseBelief] reads the text that keepalived writes to keepalived_check.data
// when it receives SIGUSR1: what it thinks is configured, alive and in the
// kernel. keepalived never reads the kernel back, so this is belief, not truth.
//
// What depends on the host is left to others, since a text cannot tell it:
// whether a script exists and is safe, whether users and interfaces exist, what
// the environment holds, which schedulers the kernel has. keepalived drops a
// checker or ends over some of these.
//
// Sources: keepalived.conf(5), the behaviour of keepalived 2.2.7 and 2.3.3 as
// the package's lab test observes it, and that of 2.3.4 and 2.4.3 as
// testdata/releases.txt keeps it. Where versions differ, [Options.Version]
// chooses.
package keepalived
