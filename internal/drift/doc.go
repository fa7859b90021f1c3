// Package drift answers one question: where do keepalived's configuration, what
// keepalived believes, and what the kernel does differ, and does it matter?
//
// It exists because nobody else looks. keepalived writes to IPVS what changed
// between two of its own configurations and never reads the kernel back, and an
// entry that is there already counts as written. It takes a check that could not
// be executed for one that passed, and `keepalived -t` finds nothing wrong with
// a script that does not exist.
//
// [Compare] is pure. It takes values that somebody else has read: only the
// configuration and the table are needed, and whatever else is known makes the
// verdicts surer. What is not known is never reported as a fault.
package drift
