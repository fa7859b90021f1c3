// Package hook is the program that keepalived starts at each change of state,
// apart from its process: it reads the arguments and the paths, notes the event
// in the journal, looks which addresses this host has, and says what is left to
// do.
//
// keepalived starts one for each instance and group at once, so a hook stays
// small: no net, no fmt, no YAML, no keepalived.conf.
package hook
