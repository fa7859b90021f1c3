// Package health answers one question: what do the results of the checks say
// of the real servers and virtual servers of a configuration?
//
// It is a state machine without clock, network or scripts: a [Result] goes in,
// and when to ask again and what changed come out. The rules are keepalived's
// (update_svr_checker_state, update_quorum_state and update_svr_wgt in its
// ipwrapper.c, and the end of each checker's own file), its bugs excepted: the
// weights of dynamic checks always add up anew, so that none is left over from
// a check that had to be killed.
package health
